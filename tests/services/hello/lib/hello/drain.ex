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
    :persistent_term.put(__MODULE__, true)
    Notify.send(["STOPPING=1", "STATUS=Draining"])
    finish(now() + longest)
    Enum.each(listeners(), &Listener.close/1)
  end

  @doc "Whether the end has begun: from then on nobody begins to wait for a connection."
  def begun?, do: :persistent_term.get(__MODULE__, false)

  @doc "The processes that hold the listening sockets, in the order of their start."
  def listeners do
    children = Enum.reverse(Supervisor.which_children(Hello.Supervisor))
    for {{Listener, _}, pid, _, _} <- children, is_pid(pid), do: pid
  end

  # Those who wait for a connection leave by themselves, and may leave one that serves: look again until none is left.
  defp finish(deadline) do
    case Task.Supervisor.children(Hello.Connections) do
      [] ->
        :ok

      [process | _] = processes ->
        for each <- processes, do: send(each, :drain)
        if await(process, deadline) != :late, do: finish(deadline)
    end
  end

  defp await(process, deadline) do
    monitor = Process.monitor(process)

    receive do
      {:DOWN, ^monitor, :process, _, _} -> :gone
    after
      max(deadline - now(), 0) -> :late
    end
  end

  defp now, do: System.monotonic_time(:millisecond)
end
