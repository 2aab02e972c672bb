defmodule Hello.RequestTest do
  use ExUnit.Case, async: true
  alias Hello.Request

  defp keep_alive(text) do
    {:ok, request, ""} = Request.parse(text)
    request.keep_alive
  end

  test "a request, its query, and what follows it" do
    assert {:ok, request, "GET"} =
             Request.parse("GET /slow?ms=5&x HTTP/1.1\r\nHost: a\r\n\r\nGET")

    assert %{method: :GET, path: "/slow", query: %{"ms" => "5"}, keep_alive: true} = request
  end

  test "every beginning of a request asks for more" do
    whole = "GET / HTTP/1.1\r\nHost: a\r\nX-Y: z\r\n\r\n"

    for length <- 0..(byte_size(whole) - 1),
        do: assert(:more = Request.parse(binary_part(whole, 0, length)))

    assert {:ok, _, ""} = Request.parse(whole)
  end

  test "who keeps the connection" do
    assert keep_alive("GET / HTTP/1.1\r\n\r\n")
    refute keep_alive("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n")
    refute keep_alive("GET / HTTP/1.0\r\n\r\n")
    assert keep_alive("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
    refute keep_alive("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n")
    refute keep_alive("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
  end

  test "garbage, too much and another version" do
    long = String.duplicate("a", 9_000)
    assert Request.parse("hello\r\n") == {:error, 400}
    assert Request.parse(<<22, 3, 1, 0, 10, 13, 10>>) == {:error, 400}
    assert Request.parse("GET / HTTP/1.1\r\nno header\r\n\r\n") == {:error, 400}
    assert Request.parse("GET / HTTP/2.0\r\n\r\n") == {:error, 505}
    assert Request.parse("GET /" <> long) == {:error, 431}
    assert Request.parse("GET / HTTP/1.1\r\nX: " <> long) == {:error, 431}
    assert Request.parse("GET / HTTP/1.1\r\nX: " <> long <> "\r\n\r\n") == {:error, 431}
  end
end
