defmodule Hello.Transport do
  @moduledoc "Bytes over TCP (or a local socket), plain or inside TLS: `{:tcp, socket}` or `{:ssl, socket}`."

  @handshake 5_000
  @linger 1_000

  @doc "Make a transport of an accepted socket; for `:https` this is the handshake."
  def open(:http, socket, _tls), do: {:ok, {:tcp, socket}}

  def open(:https, socket, tls) do
    with {:ok, secured} <- :ssl.handshake(socket, tls, @handshake), do: {:ok, {:ssl, secured}}
  end

  def send({:tcp, socket}, data), do: :gen_tcp.send(socket, data)
  def send({:ssl, socket}, data), do: :ssl.send(socket, data)

  @doc "The next bytes, or the message `:drain`, or `:closed`, or `:timeout` after so many milliseconds."
  def receive(transport, timeout) do
    case activate(transport) do
      :ok -> await(timeout)
      {:error, _} -> :closed
    end
  end

  @doc "Close so that the answer arrives: unread bytes at close(2) would make the kernel reset the connection."
  def close(transport) do
    finish(transport)
    discard(transport, System.monotonic_time(:millisecond) + @linger)
    abandon(transport)
  end

  @doc "Close at once."
  def abandon({:tcp, socket}), do: :gen_tcp.close(socket)
  def abandon({:ssl, socket}), do: :ssl.close(socket)

  defp await(timeout) do
    receive do
      {tag, _, data} when tag in [:tcp, :ssl] -> {:data, data}
      {tag, _} when tag in [:tcp_closed, :ssl_closed] -> :closed
      {tag, _, _} when tag in [:tcp_error, :ssl_error] -> :closed
      :drain -> :drain
    after
      timeout -> :timeout
    end
  end

  defp activate({:tcp, socket}), do: :inet.setopts(socket, active: :once)
  defp activate({:ssl, socket}), do: :ssl.setopts(socket, active: :once)

  defp finish({:tcp, socket}), do: :gen_tcp.shutdown(socket, :write)
  defp finish({:ssl, socket}), do: :ssl.shutdown(socket, :write)

  defp discard(transport, deadline) do
    case __MODULE__.receive(transport, max(deadline - System.monotonic_time(:millisecond), 0)) do
      {:data, _} -> discard(transport, deadline)
      :drain -> discard(transport, deadline)
      _ -> :ok
    end
  end
end
