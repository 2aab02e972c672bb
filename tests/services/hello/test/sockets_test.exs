defmodule Hello.SocketsTest do
  use ExUnit.Case, async: true
  alias Hello.Sockets

  @pid "4711"

  defp inherit(count, names) do
    Sockets.inherited(
      %{"LISTEN_PID" => @pid, "LISTEN_FDS" => count, "LISTEN_FDNAMES" => names},
      @pid
    )
  end

  test "descriptors begin at three and carry their names" do
    assert inherit("2", "https:http") == [{3, "https"}, {4, "http"}]
  end

  test "a descriptor without a name is unknown" do
    assert Sockets.inherited(%{"LISTEN_PID" => @pid, "LISTEN_FDS" => "1"}, "1") == []
    assert inherit("2", "http") == [{3, "http"}, {4, "unknown"}]
  end

  test "what is meant for another process is not ours" do
    assert Sockets.inherited(%{"LISTEN_PID" => "1", "LISTEN_FDS" => "2"}, @pid) == []
    assert Sockets.inherited(%{}, @pid) == []
    assert inherit("0", "") == []
  end

  test "the order of the descriptors does not matter" do
    wanted = [%{scheme: :http, fd: 4}, %{scheme: :https, fd: 3}]
    assert Sockets.choose!([{3, "https"}, {4, "http"}], %{}) == wanted
    assert Sockets.choose!([{4, "http"}, {3, "https"}], %{}) == wanted
  end

  test "one name may have several sockets, and other names are left alone" do
    assert Sockets.choose!([{3, "http"}, {4, "admin"}, {5, "http"}], %{}) ==
             [%{scheme: :http, fd: 3}, %{scheme: :http, fd: 5}]
  end

  test "a port stands in for a socket that was not passed" do
    assert Sockets.choose!([{3, "http"}], %{"PORT_http" => "80", "PORT_https" => "4443"}) ==
             [%{scheme: :http, fd: 3}, %{scheme: :https, port: 4443}]
  end

  test "nothing at all and a port that is none are refused in words" do
    assert_raise RuntimeError, ~r/nothing to listen on/, fn ->
      Sockets.choose!([{3, "ftp"}], %{})
    end

    assert_raise RuntimeError, ~r/PORT_http/, fn ->
      Sockets.choose!([], %{"PORT_http" => "web"})
    end
  end
end
