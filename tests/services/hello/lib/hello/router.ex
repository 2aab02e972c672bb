defmodule Hello.Router do
  @moduledoc "What is answered: `{status, body}`; an empty body stands for the status's own words."

  alias Hello.Request

  # Below the longest drain, so that a slow answer begun before a stop is always finished.
  @slowest 8_000

  def answer(%Request{method: method}) when method not in [:GET, :HEAD], do: {405, ""}
  def answer(%Request{path: "/"}), do: {200, "Hello World!"}
  def answer(%Request{path: "/version"}), do: {200, Hello.Application.version()}

  def answer(%Request{path: "/slow", query: query}) do
    case Integer.parse(Map.get(query, "ms", "500")) do
      {milliseconds, ""} when milliseconds in 0..@slowest ->
        Process.sleep(milliseconds)
        {200, "Hello, after #{milliseconds} ms"}

      _ ->
        {400, "ms is a number from 0 to #{@slowest}\n"}
    end
  end

  def answer(_request), do: {404, ""}
end
