defmodule Hello.Certificate do
  @moduledoc """
  What TLS shows: the files in `TLS_CERT` and `TLS_KEY`, else the credentials `cert.pem` and `key.pem`
  (`CREDENTIALS_DIRECTORY`, see systemd.exec(5)), else a certificate made at this start and signed by itself.
  """

  @doc "Options for `:ssl.handshake`. Raises when files are named that hold no certificate or no key."
  def options! do
    case files(System.get_env()) do
      {certificate, key} -> from_files!(certificate, key)
      nil -> self_signed()
    end
  end

  @doc "The two paths that the environment names, or nil."
  def files(environment) do
    case environment do
      %{"TLS_CERT" => certificate, "TLS_KEY" => key} -> {certificate, key}
      %{"CREDENTIALS_DIRECTORY" => directory} -> credentials(directory)
      _ -> nil
    end
  end

  @doc "A fresh self-signed certificate for `localhost`, with a P-256 key that never leaves the memory."
  def self_signed do
    %{cert: certificate, key: key} =
      :public_key.pkix_test_root_cert(~c"localhost",
        digest: :sha256,
        key: {:namedCurve, :secp256r1},
        validity: {day(-1), day(365)}
      )

    [cert: certificate, key: {:ECPrivateKey, :public_key.der_encode(:ECPrivateKey, key)}]
  end

  defp credentials(directory) do
    files = {Path.join(directory, "cert.pem"), Path.join(directory, "key.pem")}
    if files |> Tuple.to_list() |> Enum.all?(&File.exists?/1), do: files
  end

  # Read now: a service that cannot do its handshakes must not say that it is ready.
  defp from_files!(certificate, key) do
    expect!(certificate, [:Certificate], "certificate")
    expect!(key, [:PrivateKeyInfo, :RSAPrivateKey, :ECPrivateKey], "private key")
    [certfile: certificate, keyfile: key]
  end

  defp expect!(path, kinds, what) do
    entries = path |> File.read!() |> :public_key.pem_decode()
    found = Enum.any?(entries, fn {kind, _, _} -> kind in kinds end)
    if not found, do: raise("#{path} holds no #{what}")
  end

  defp day(offset) do
    today = :calendar.date_to_gregorian_days(:erlang.date())
    :calendar.gregorian_days_to_date(today + offset)
  end
end
