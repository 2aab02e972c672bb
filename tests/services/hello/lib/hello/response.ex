defmodule Hello.Response do
  @moduledoc "An HTTP/1.1 answer as bytes."

  @reasons %{
    200 => "OK",
    400 => "Bad Request",
    404 => "Not Found",
    405 => "Method Not Allowed",
    408 => "Request Timeout",
    431 => "Request Header Fields Too Large",
    505 => "HTTP Version Not Supported"
  }

  @doc "The whole answer. An empty body of an error becomes its reason; `:HEAD` gets the head alone."
  def render(status, body, keep_alive, method) do
    reason = Map.fetch!(@reasons, status)
    body = if body == "", do: reason <> "\n", else: body

    [
      "HTTP/1.1 #{status} #{reason}\r\n",
      "Content-Type: text/plain; charset=utf-8\r\n",
      "Content-Length: #{byte_size(body)}\r\n",
      "X-Version: #{Hello.Application.version()}\r\n",
      if(status == 405, do: "Allow: GET, HEAD\r\n", else: ""),
      if(keep_alive, do: "Connection: keep-alive\r\n", else: "Connection: close\r\n"),
      "\r\n",
      if(method == :HEAD, do: "", else: body)
    ]
  end
end
