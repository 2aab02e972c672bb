defmodule Hello.Listener do
  @moduledoc """
  One listening socket and the processes that wait on it.

  A process that accepts a connection starts another one to wait in its place and then serves the connection
  itself: a socket never changes hands, so none can be accepted and dropped.

  Closing a listening socket under a process that waits on it can drop a connection too: `:gen_tcp.accept`
  copies the listening socket's options afterwards, and closes what it has accepted when it finds none. So
  nobody waits for long, and nobody waits any more when the socket is closed (`Hello.Drain`).
  """
  use GenServer

  alias Hello.{Connection, Drain}

  @waiting 2
  @patience 200
  # listen(2) is called again on an inherited socket; the kernel cuts this down to net.core.somaxconn.
  @backlog 65_535
  @options [
    :binary,
    active: false,
    backlog: @backlog,
    send_timeout: 10_000,
    send_timeout_close: true
  ]

  def start_link(options), do: GenServer.start_link(__MODULE__, options)

  @doc "What is served where: `https on [::]:443`."
  def name(listener), do: GenServer.call(listener, :name)

  @doc "Close this process's descriptor; the socket lives on where it came from."
  def close(listener), do: GenServer.call(listener, :close)

  @impl true
  def init(socket: socket, tls: tls) do
    case listen(socket) do
      {:ok, listening} ->
        for _ <- 1..@waiting, do: wait(listening, socket.scheme, tls)
        {:ok, address} = :inet.sockname(listening)
        {:ok, %{socket: listening, name: "#{socket.scheme} on #{show(address)}"}}

      {:error, reason} ->
        {:stop, {reason, socket}}
    end
  end

  @impl true
  def handle_call(:name, _from, state), do: {:reply, state.name, state}
  def handle_call(:close, _from, state), do: {:reply, :gen_tcp.close(state.socket), state}

  @doc "Wait for one connection, leave a successor behind, serve. Ends without one when the drain begins."
  def accept(listening, scheme, tls) do
    case Drain.begun?() or :gen_tcp.accept(listening, @patience) do
      {:ok, socket} ->
        wait(listening, scheme, tls)
        Connection.serve(scheme, socket, tls)

      {:error, :timeout} ->
        accept(listening, scheme, tls)

      # Aborted by the peer, or no descriptor left: the queue keeps what it holds.
      {:error, reason} when reason != :closed ->
        Process.sleep(50)
        accept(listening, scheme, tls)

      _drain_or_closed ->
        :ok
    end
  end

  defp wait(listening, scheme, tls) do
    {:ok, _} =
      Task.Supervisor.start_child(Hello.Connections, __MODULE__, :accept, [listening, scheme, tls])
  end

  defp listen(%{fd: fd}) do
    with {:ok, family} <- family(fd) do
      :gen_tcp.listen(0, [family, {:fd, fd} | options(family)])
    end
  end

  defp listen(%{port: port}) do
    with {:error, :eafnosupport} <-
           :gen_tcp.listen(port, [
             :inet6,
             {:ipv6_v6only, false},
             {:reuseaddr, true} | options(:inet6)
           ]) do
      :gen_tcp.listen(port, [{:reuseaddr, true} | options(:inet)])
    end
  end

  defp options(:local), do: @options
  defp options(_), do: [{:nodelay, true} | @options]

  # The kernel knows what the descriptor is; asked on a copy, so that closing it changes nothing.
  defp family(fd) do
    with {:ok, copy} <- :socket.open(fd, %{dup: true}),
         {:ok, %{family: family}} <- :socket.sockname(copy),
         :ok <- :socket.close(copy) do
      {:ok, family}
    end
  end

  defp show({:local, path}), do: path
  defp show({address, port}) when tuple_size(address) == 8, do: "[#{:inet.ntoa(address)}]:#{port}"
  defp show({address, port}), do: "#{:inet.ntoa(address)}:#{port}"
end
