defmodule Hello.Connection do
  @moduledoc """
  One connection, request after request, in the process that accepted it.

  The message `:drain` means that the program is about to end: a connection that has not had an answer yet
  still gets one, a kept-alive one is given a moment for the request that may be on its way, and every
  answer says `Connection: close`.
  """
  alias Hello.{Request, Response, Router, Transport}

  @request 10_000
  @idle 30_000
  @idle_while_draining 500

  defstruct [:transport, buffer: "", served: 0, draining: false]

  @doc "Serve a freshly accepted socket until one side closes it."
  def serve(scheme, socket, tls) do
    case Transport.open(scheme, socket, tls) do
      {:ok, transport} -> next(%__MODULE__{transport: transport})
      {:error, _} -> :ok
    end
  end

  defp next(connection) do
    patience = if connection.served == 0, do: @request, else: @idle

    case read(connection, now() + patience) do
      {:ok, request, connection} -> answer(connection, request)
      {:error, status, connection} -> refuse(connection, status)
      :closed -> Transport.abandon(connection.transport)
    end
  end

  defp answer(connection, request) do
    {status, body} = Router.answer(request)
    connection = look_for_drain(connection)
    keep = request.keep_alive and not connection.draining

    sent =
      Transport.send(connection.transport, Response.render(status, body, keep, request.method))

    cond do
      sent != :ok -> Transport.abandon(connection.transport)
      keep -> next(%{connection | served: connection.served + 1})
      true -> Transport.close(connection.transport)
    end
  end

  defp refuse(connection, status) do
    Transport.send(connection.transport, Response.render(status, "", false, :GET))
    Transport.close(connection.transport)
  end

  defp read(connection, deadline) do
    case Request.parse(connection.buffer) do
      {:ok, request, rest} -> {:ok, request, %{connection | buffer: rest}}
      {:error, status} -> {:error, status, connection}
      :more -> more(connection, deadline)
    end
  end

  defp more(%{buffer: buffer} = connection, deadline) do
    case Transport.receive(connection.transport, max(deadline - now(), 0)) do
      {:data, data} ->
        # The first byte of a later request starts its own time.
        deadline = if buffer == "", do: now() + @request, else: deadline
        read(%{connection | buffer: buffer <> data}, deadline)

      :drain ->
        more(%{connection | draining: true}, drained(connection, deadline))

      :timeout when buffer != "" ->
        {:error, 408, connection}

      _closed_or_idle ->
        :closed
    end
  end

  # Nothing is owed to a connection that had an answer and has not begun to ask again.
  defp drained(%{served: served, buffer: ""}, deadline) when served > 0,
    do: min(deadline, now() + @idle_while_draining)

  defp drained(_connection, deadline), do: deadline

  defp look_for_drain(connection) do
    receive do
      :drain -> %{connection | draining: true}
    after
      0 -> connection
    end
  end

  defp now, do: System.monotonic_time(:millisecond)
end
