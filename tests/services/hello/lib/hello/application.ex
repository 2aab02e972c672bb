defmodule Hello.Application do
  @moduledoc """
  The order of things: connections, listeners, readiness, heartbeat; and at the end the drain.

  Nothing is restarted inside. A listener that dies takes its inherited descriptor with it, and only the
  service manager has another one: so the whole program ends and is started again from outside.
  """
  use Application

  alias Hello.{Certificate, Drain, Listener, Notify, Sockets, Watchdog}

  @impl true
  def start(_type, _args) do
    # All of this program is in memory before the first request, whatever the release's mode is.
    :ok = :code.ensure_modules_loaded(Application.spec(:hello, :modules))

    with {:ok, supervisor} <- supervise(Sockets.from_environment!()) do
      served = Enum.map_join(Drain.listeners(), ", ", &Listener.name/1)
      status = "hello #{version()} serves #{served}"
      IO.puts(status)
      Notify.send(["READY=1", "STATUS=" <> status])
      {:ok, supervisor}
    end
  rescue
    # The operator's mistake in one line of the journal; nothing runs yet that would have to be stopped.
    error in [RuntimeError, ArgumentError, File.Error] ->
      IO.puts(:stderr, "hello: #{Exception.message(error)}")
      Notify.send(["STATUS=" <> Exception.message(error)])
      System.halt(1)
  end

  @impl true
  def prep_stop(state) do
    Drain.run()
    state
  end

  @impl true
  def stop(_state) do
    # All is answered and closed. What would come now is the machine's own end, which waits a second for
    # the console's last words (`user_sup` of Erlang's kernel); `halt` flushes them, and waits for nothing.
    with {:stopping, _} <- :init.get_status(), do: System.halt(0)
    :ok
  end

  defp supervise(sockets) do
    tls = if Enum.any?(sockets, &(&1.scheme == :https)), do: Certificate.options!(), else: []

    listeners =
      for {socket, index} <- Enum.with_index(sockets) do
        Supervisor.child_spec({Listener, socket: socket, tls: tls}, id: {Listener, index})
      end

    children = [{Task.Supervisor, name: Hello.Connections}] ++ listeners ++ [Watchdog]

    Supervisor.start_link(children,
      strategy: :one_for_one,
      max_restarts: 0,
      name: Hello.Supervisor
    )
  end

  @doc "The version of the release, as a string."
  def version, do: to_string(Application.spec(:hello, :vsn))
end
