defmodule Hello.PartsTest do
  use ExUnit.Case, async: true
  alias Hello.{Certificate, Notify, Watchdog}

  test "the heart beats twice in the interval that was asked of this process" do
    assert Watchdog.interval(%{"WATCHDOG_USEC" => "60000000"}, "1") == 30_000

    assert Watchdog.interval(%{"WATCHDOG_USEC" => "60000000", "WATCHDOG_PID" => "1"}, "1") ==
             30_000

    assert Watchdog.interval(%{"WATCHDOG_USEC" => "60000000", "WATCHDOG_PID" => "2"}, "1") == nil
    assert Watchdog.interval(%{}, "1") == nil
  end

  test "a notify socket is a path or an abstract name" do
    assert Notify.address("/run/systemd/notify") == {:local, "/run/systemd/notify"}
    assert Notify.address("@abc") == {:local, <<0, "abc">>}
  end

  test "named files win over credentials" do
    both = %{
      "TLS_CERT" => "/c",
      "TLS_KEY" => "/k",
      "CREDENTIALS_DIRECTORY" => "/run/credentials/x"
    }

    assert Certificate.files(both) == {"/c", "/k"}
    assert Certificate.files(%{"CREDENTIALS_DIRECTORY" => "/does/not/exist"}) == nil
    assert Certificate.files(%{}) == nil
  end

  test "the self-signed certificate holds and completes a handshake" do
    {:ok, _} = Application.ensure_all_started(:ssl)
    {:ok, listening} = :gen_tcp.listen(0, [:binary, active: false, ip: {127, 0, 0, 1}])
    {:ok, port} = :inet.port(listening)
    options = Certificate.self_signed()

    server =
      Task.async(fn ->
        {:ok, socket} = :gen_tcp.accept(listening, 5_000)
        {:ok, secured} = :ssl.handshake(socket, options, 5_000)
        :ssl.send(secured, "hello")
      end)

    plain = [:binary, active: false, verify: :verify_none]
    assert {:ok, client} = :ssl.connect({127, 0, 0, 1}, port, plain, 5_000)
    assert {:ok, options[:cert]} == :ssl.peercert(client)
    assert :public_key.pkix_is_self_signed(options[:cert])
    assert :ssl.recv(client, 5, 5_000) == {:ok, "hello"}
    assert Task.await(server) == :ok
  end
end
