defmodule Hello.Sockets do
  @moduledoc """
  Which sockets are served: those inherited under the names `http` and `https` (`LISTEN_PID`, `LISTEN_FDS`,
  `LISTEN_FDNAMES`, see sd_listen_fds(3)), else the ports in `PORT_http` and `PORT_https`.

  Descriptors are found by name alone, because their order across socket units is undefined.
  """

  @first 3
  @schemes [:http, :https]
  @variables ~w(LISTEN_PID LISTEN_PIDFDID LISTEN_FDS LISTEN_FDNAMES)

  @doc "The sockets to serve, as maps with `:scheme` and `:fd` or `:port`; raises when there are none."
  def from_environment! do
    inherited = inherited(System.get_env(), System.pid())
    Enum.each(@variables, &System.delete_env/1)
    choose!(inherited, System.get_env())
  end

  @doc "The inherited descriptors as `{fd, name}`, none when they are meant for another process."
  def inherited(%{"LISTEN_PID" => pid, "LISTEN_FDS" => count} = environment, pid) do
    names = environment |> Map.get("LISTEN_FDNAMES", "") |> String.split(":")

    for index <- indices(number!("LISTEN_FDS", count)) do
      {@first + index, Enum.at(names, index, "unknown")}
    end
  end

  def inherited(_environment, _pid), do: []

  @doc "For each scheme the descriptors of its name, else the port of its variable."
  def choose!(inherited, environment) do
    chosen = Enum.flat_map(@schemes, &choose(&1, inherited, environment))

    if chosen == [] do
      raise "nothing to listen on: pass sockets named http or https, or set PORT_http or PORT_https " <>
              "(inherited: #{inspect(inherited)})"
    end

    chosen
  end

  defp choose(scheme, inherited, environment) do
    descriptors = for {fd, name} <- inherited, name == Atom.to_string(scheme), do: fd

    case {descriptors, environment["PORT_#{scheme}"]} do
      {[], nil} -> []
      {[], port} -> [%{scheme: scheme, port: number!("PORT_#{scheme}", port)}]
      {fds, _} -> for fd <- fds, do: %{scheme: scheme, fd: fd}
    end
  end

  defp number!(variable, text) do
    case Integer.parse(text) do
      {number, ""} when number in 0..65_535 -> number
      _ -> raise "#{variable} is no number that can be used: #{inspect(text)}"
    end
  end

  defp indices(0), do: []
  defp indices(count), do: 0..(count - 1)
end
