defmodule Hello.Watchdog do
  @moduledoc """
  The heartbeat: `WATCHDOG=1` at half of the interval that the service manager asks for in `WATCHDOG_USEC`.
  It is only sent while every listener answers.
  """
  use GenServer

  alias Hello.{Drain, Listener, Notify}

  def start_link(_), do: GenServer.start_link(__MODULE__, nil)

  @doc "Milliseconds between two beats, or nil: nobody asked, or another process was meant."
  def interval(environment, pid) do
    case environment do
      %{"WATCHDOG_PID" => other} when other not in ["", pid] -> nil
      %{"WATCHDOG_USEC" => microseconds} -> max(div(String.to_integer(microseconds), 2_000), 1)
      _ -> nil
    end
  end

  @impl true
  def init(nil) do
    case interval(System.get_env(), System.pid()) do
      nil -> :ignore
      interval -> {:ok, schedule(interval)}
    end
  end

  @impl true
  def handle_info(:beat, interval) do
    Enum.each(Drain.listeners(), &Listener.name/1)
    Notify.send(["WATCHDOG=1"])
    {:noreply, schedule(interval)}
  end

  defp schedule(interval) do
    Process.send_after(self(), :beat, interval)
    interval
  end
end
