//! What every action is, and the one `main` that runs it.

use std::future::Future;
use std::process::ExitCode;

use clap::{Args, Command, FromArgMatches as _};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use crate::aws;
use crate::clock::Clock;
use crate::error::{Error, Kind, Result};
use crate::http;
use crate::runner::{Env, Runner, inputs};

/// An output of an action, as `action.yml` and the README list it.
#[derive(Clone, Copy, Debug)]
pub struct OutputSpec {
    /// Name in kebab-case.
    pub name: &'static str,
    /// One sentence, with an example of a value.
    pub description: &'static str,
}

/// One action: a binary of the same name, a composite action of the same name.
pub trait Action {
    /// Name in kebab-case: of the binary, of the folder under `actions/`.
    const NAME: &'static str;
    /// One sentence, without a full stop.
    const SUMMARY: &'static str;
    /// Icon (Feather) and colour of the action's badge.
    const BRANDING: (&'static str, &'static str);
    /// Command lines to show in `--help`.
    const EXAMPLES: &'static [&'static str];
    /// Outputs, in the order of the documentation.
    const OUTPUTS: &'static [OutputSpec];
    /// An operation that must not fail for any other input: what the environment says of these is not looked at.
    const ALWAYS: Option<&'static str> = None;
    /// Whether `run` itself answers a cancellation; otherwise the process ends at once.
    const HANDLES_CANCEL: bool = false;

    /// The command line: the single source of truth of the inputs.
    type Args: Args;
    /// The result; its fields, in kebab-case, are the outputs.
    type Outputs: Serialize + Default;

    /// Read, plan, print, apply.
    fn run(
        args: Self::Args,
        context: &Context,
    ) -> impl Future<Output = Result<Outcome<Self::Outputs>>>;
}

/// What an action works with.
pub struct Context {
    pub env: Env,
    pub runner: Runner,
    pub clock: Clock,
    /// Whether the result goes to standard output as JSON.
    pub json: bool,
    cancelled: watch::Receiver<bool>,
}

impl Context {
    /// Ends when a signal asks the process to stop.
    pub async fn cancelled(&self) {
        let mut cancelled = self.cancelled.clone();
        if cancelled.wait_for(|cancelled| *cancelled).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// How an action ended: its outputs, and the failure if what it looked at is not as it should be.
pub struct Outcome<O> {
    pub outputs: O,
    pub failure: Option<Error>,
}

impl<O> Outcome<O> {
    /// The outputs of an action that did its work but has bad news.
    pub fn failed(outputs: O, failure: Error) -> Self {
        Self {
            outputs,
            failure: Some(failure),
        }
    }
}

impl<O> From<O> for Outcome<O> {
    fn from(outputs: O) -> Self {
        Self {
            outputs,
            failure: None,
        }
    }
}

/// The clap command of an action.
pub fn command<A: Action>() -> Command {
    let examples = A::EXAMPLES
        .iter()
        .map(|example| format!("  {example}\n"))
        .collect::<String>();
    let command = Command::new(A::NAME)
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(format!(
            "Every flag can be given as an environment variable too: --some-flag is {}SOME_FLAG. \
             An empty value counts as none.\n\nExamples:\n{examples}",
            inputs::PREFIX
        ))
        .arg(
            clap::Arg::new("json")
                .long("json")
                .action(clap::ArgAction::SetTrue)
                .help("Print the result as JSON on standard output"),
        );
    // Deriving the arguments sets a description of its own.
    inputs::one_value_each(A::Args::augment_args(command)).about(A::SUMMARY)
}

/// Runs an action as a process: the whole of each binary.
pub fn main<A: Action>() -> ExitCode {
    let env = Env::of_process();
    let runner = Runner::new(A::NAME, &env);
    end_on_panic(A::NAME, env.clone());
    start::<A>(env).unwrap_or_else(|error| {
        runner.error(&error);
        ExitCode::from(error.kind().exit_code())
    })
}

/// A panic is told as every other error is, and ends the process with the exit code of a bug. Nothing unwinds: the shipped
/// binaries have no code for it.
fn end_on_panic(name: &'static str, env: Env) {
    std::panic::set_hook(Box::new(move |panic| {
        let runner = Runner::new(name, &env);
        // The AWS SDK panics where there is nobody to trust (aws-smithy-http-client 1).
        if panic.to_string().contains("no valid root certificates") {
            let error = http::no_authorities();
            runner.error(&error);
            end(error.kind());
        }
        // Its text may be of others: it cannot become a command of the runner.
        runner.line(panic.to_string());
        runner.error(&Error::bug("stopped by a fault of its own").hint(format!(
            "This is a bug in {name} {}. Please report it with the lines above.",
            env!("CARGO_PKG_VERSION")
        )));
        end(Kind::Bug);
    }));
}

#[expect(clippy::exit, reason = "the end of a process that cannot go on")]
fn end(kind: Kind) -> ! {
    std::process::exit(kind.exit_code().into())
}

fn start<A: Action>(env: Env) -> Result<ExitCode> {
    let command = command::<A>();
    let given = given_arguments()?;
    let always = A::ALWAYS.filter(|operation| inputs::is_operation(operation, &env, &given));
    let inputs_from = match always {
        Some(operation) => Env::of(&[(inputs::OPERATION, operation)]),
        None => env.clone(),
    };
    let line = inputs::command_line(&command, &inputs_from, given)?;
    let matches = match command.clone().try_get_matches_from(line) {
        Ok(matches) => matches,
        Err(error) if !error.use_stderr() => {
            Runner::new(A::NAME, &env).result(error.render().to_string().trim_end());
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => return Err(inputs::explain(&error, &command, env.on_github())),
    };
    let args = A::Args::from_arg_matches(&matches)
        .map_err(|error| inputs::explain(&error, &command, env.on_github()))?;
    let json = matches.get_flag("json");
    let runner = Runner::new(A::NAME, &env);
    if always.is_none() {
        runner.check_files()?;
        aws::check_endpoints(&env)?;
    }
    let clock = Clock::from_env(&inputs_from)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::bug("could not start the runtime").because(error))?;
    let outcome = runtime.block_on(async {
        let context = Context {
            env,
            runner,
            clock,
            json,
            cancelled: listen_for_signals()?,
        };
        let outcome = tokio::select! {
            outcome = A::run(args, &context) => outcome?,
            () = context.cancelled(), if !A::HANDLES_CANCEL => {
                return Err(Error::new(Kind::Cancelled, "cancelled by a signal"));
            }
        };
        publish::<A>(&context, &outcome.outputs, json)?;
        Ok(outcome)
    })?;
    match outcome.failure {
        None => Ok(ExitCode::SUCCESS),
        Some(failure) => Err(failure),
    }
}

fn given_arguments() -> Result<Vec<String>> {
    std::env::args_os()
        .skip(1)
        .map(|argument| {
            argument.into_string().map_err(|argument| {
                Error::usage(format!("{} is not UTF-8", argument.to_string_lossy()))
            })
        })
        .collect()
}

fn listen_for_signals() -> Result<watch::Receiver<bool>> {
    use tokio::signal::unix::{SignalKind, signal};

    let deaf = |error| Error::bug("could not listen for signals").because(error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(deaf)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(deaf)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(deaf)?;
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        sender.send_replace(true);
        std::future::pending::<()>().await;
    });
    Ok(receiver)
}

/// Hands the outputs to the runner, and to standard output if asked for.
fn publish<A: Action>(context: &Context, outputs: &A::Outputs, json: bool) -> Result<()> {
    let value = serde_json::to_value(outputs)
        .map_err(|error| Error::bug("the outputs are not JSON").because(error))?;
    for output in A::OUTPUTS {
        let text = match value.get(output.name) {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        context.runner.set_output(output.name, &text)?;
    }
    if json {
        context.runner.result(&value.to_string());
    }
    Ok(())
}

/// What documentation and `action.yml` are generated from.
pub struct Spec {
    pub name: &'static str,
    pub summary: &'static str,
    pub branding: (&'static str, &'static str),
    pub command: Command,
    pub outputs: &'static [OutputSpec],
    /// Names of the fields of the result, to be compared with `outputs`.
    pub fields: Vec<String>,
}

/// The description of an action.
pub fn spec<A: Action>() -> Spec {
    let fields = match serde_json::to_value(A::Outputs::default()) {
        Ok(Value::Object(fields)) => fields.into_iter().map(|(name, _)| name).collect(),
        _ => Vec::new(),
    };
    Spec {
        name: A::NAME,
        summary: A::SUMMARY,
        branding: A::BRANDING,
        command: command::<A>(),
        outputs: A::OUTPUTS,
        fields,
    }
}
