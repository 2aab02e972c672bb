defmodule Hello.Notify do
  @moduledoc """
  What the service manager is told, as one datagram to the local socket in `NOTIFY_SOCKET`, see sd_notify(3).
  Without that variable nobody listens and nothing is sent.
  """

  @doc "Send assignments such as `READY=1`. A message that cannot be sent is reported and forgotten."
  def send(assignments) do
    case System.get_env("NOTIFY_SOCKET") do
      nil -> :ok
      "" -> :ok
      socket -> deliver(address(socket), Enum.join(assignments, "\n"))
    end
  end

  @doc "The address behind the variable: a path, or an abstract name written with `@` for its zero byte."
  def address("@" <> name), do: {:local, <<0, name::binary>>}
  def address(path), do: {:local, path}

  defp deliver(address, message) do
    result =
      with {:ok, socket} <- :gen_udp.open(0, [:local]) do
        sent = :gen_udp.send(socket, address, 0, message)
        :gen_udp.close(socket)
        sent
      end

    with {:error, reason} <- result do
      IO.puts(:stderr, "cannot tell the service manager #{inspect(message)}: #{reason}")
    end
  end
end
