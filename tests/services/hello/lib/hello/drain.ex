defmodule Hello.Drain do
  @moduledoc """
  The end without a lost request: first nothing more is accepted, then what was accepted is answered.

  Connections that nobody has accepted yet stay in the backlog of the inherited socket, which the service
  manager keeps open, and belong to the next process.
  """
  alias Hello.{Listener, Notify}

  @longest 10_000

  @doc "Stop accepting, let every connection finish its request, at most `longest` milliseconds."
  def run(longest \\ @longest) do
    Enum.each(listeners(), &Listener.close/1)
    connections = Task.Supervisor.children(Hello.Connections)
    Notify.send(["STOPPING=1", "STATUS=Draining"])

    deadline = now() + longest
    monitors = for pid <- connections, do: {pid, Process.monitor(pid)}
    for {pid, _} <- monitors, do: send(pid, :drain)
    Enum.each(monitors, fn {_, monitor} -> await(monitor, deadline) end)
  end

  @doc "The processes that hold the listening sockets, in the order of their start."
  def listeners do
    children = Enum.reverse(Supervisor.which_children(Hello.Supervisor))
    for {{Listener, _}, pid, _, _} <- children, is_pid(pid), do: pid
  end

  defp await(monitor, deadline) do
    receive do
      {:DOWN, ^monitor, :process, _, _} -> :ok
    after
      max(deadline - now(), 0) -> :late
    end
  end

  defp now, do: System.monotonic_time(:millisecond)
end
