defmodule Hello.MixProject do
  use Mix.Project

  def project do
    [
      app: :hello,
      version: System.get_env("HELLO_VERSION", "1.0.0"),
      elixir: "~> 1.10",
      deps: [],
      # Tests are of the parts: nothing listens during them.
      aliases: [test: "test --no-start"],
      releases: [
        hello: [
          include_executables_for: [:unix],
          # The same source makes the same bytes, so nothing here is random.
          # Distribution is off (rel/env.sh.eex): nobody ever asks for the cookie.
          cookie: "distribution-is-off"
        ]
      ]
    ]
  end

  def application do
    [mod: {Hello.Application, []}, extra_applications: [:ssl, :public_key, :crypto]]
  end
end
