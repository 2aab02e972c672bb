defmodule Hello.Request do
  @moduledoc "The head of an HTTP/1 request, out of bytes."

  @largest 8_192

  defstruct [:method, :path, query: %{}, keep_alive: false]

  @doc """
  `{:ok, request, rest}`, or `:more` when the head is not complete yet, or `{:error, status}`: 400 for what is
  no request, 431 for a head of more than 8 KiB, 505 for another version.
  """
  def parse(bytes) do
    case :erlang.decode_packet(:http_bin, bytes, []) do
      {:ok, {:http_request, method, target, version}, rest} ->
        headers(rest, method, target, version, [], bytes)

      {:more, _} when byte_size(bytes) > @largest ->
        {:error, 431}

      {:more, _} ->
        :more

      _ ->
        {:error, 400}
    end
  end

  defp headers(bytes, method, target, version, headers, whole) do
    case :erlang.decode_packet(:httph_bin, bytes, []) do
      {:ok, {:http_header, _, field, _, value}, rest} ->
        headers(
          rest,
          method,
          target,
          version,
          [{String.downcase(to_string(field)), value} | headers],
          whole
        )

      {:ok, :http_eoh, rest} when byte_size(whole) - byte_size(rest) <= @largest ->
        build(method, target, version, Map.new(headers), rest)

      {:ok, :http_eoh, _} ->
        {:error, 431}

      {:more, _} when byte_size(whole) > @largest ->
        {:error, 431}

      {:more, _} ->
        :more

      _ ->
        {:error, 400}
    end
  end

  defp build(method, {:abs_path, target}, {1, minor}, headers, rest) when minor in [0, 1] do
    {path, query} = split(target)
    keep_alive = persistent?(minor, headers) and not body?(headers)
    {:ok, %__MODULE__{method: method, path: path, query: query, keep_alive: keep_alive}, rest}
  end

  defp build(method, {:absoluteURI, _, _, _, target}, version, headers, rest),
    do: build(method, {:abs_path, target}, version, headers, rest)

  defp build(_, {:abs_path, _}, _version, _, _), do: {:error, 505}
  defp build(_, _, _, _, _), do: {:error, 400}

  defp split(target) do
    case String.split(target, "?", parts: 2) do
      [path] -> {path, %{}}
      [path, query] -> {path, pairs(query)}
    end
  end

  defp pairs(query) do
    for pair <- String.split(query, "&"),
        [key, value] <- [String.split(pair, "=", parts: 2)],
        into: %{} do
      {key, value}
    end
  end

  defp persistent?(minor, headers) do
    case {minor, String.downcase(Map.get(headers, "connection", ""))} do
      {1, "close"} -> false
      {1, _} -> true
      {0, connection} -> connection == "keep-alive"
    end
  end

  # Nothing here takes a body: the answer is given, and the connection closed with the body unread.
  defp body?(headers) do
    Map.has_key?(headers, "transfer-encoding") or Map.get(headers, "content-length", "0") != "0"
  end
end
