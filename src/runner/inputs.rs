//! Inputs: flag `--timeout-seconds` = environment variable `KECS_TIMEOUT_SECONDS` = action input `timeout-seconds`.
//!
//! A composite action gets no `INPUT_*` variables from GitHub (actions/runner#665), so each `action.yml` maps its
//! inputs to `KECS_*`. An input that the caller left out arrives there as an empty text; an empty value is therefore
//! an unset one, for every type, and this is the one place that makes it so.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Command};

use super::Env;
use crate::error::Error;

/// Prefix of the environment variables that carry inputs. Never `INPUT_`, which act sets and GitHub does not.
pub const PREFIX: &str = "KECS_";

/// The environment variable of an input.
pub fn variable(input: &str) -> String {
    format!("{PREFIX}{}", input.to_uppercase().replace('-', "_"))
}

/// Inputs of a command: its long flags, without `help`, `version` and `json`.
pub fn names(command: &Command) -> Vec<String> {
    command
        .get_arguments()
        .filter_map(|argument| argument.get_long())
        .filter(|long| !["help", "version", "json"].contains(long))
        .map(str::to_owned)
        .collect()
}

/// The command line that clap gets: inputs from the environment first, then the caller's own flags, which win.
/// Flags and variables whose value is empty are left out.
pub fn command_line(command: &Command, env: &Env, given: Vec<String>) -> Vec<String> {
    let inputs = names(command);
    let mut line = vec![command.get_name().to_owned()];
    for input in &inputs {
        if let Some(value) = env.get(&variable(input)) {
            line.push(format!("--{input}={}", value.trim()));
        }
    }
    let mut given = given.into_iter().peekable();
    while let Some(argument) = given.next() {
        let name = argument.strip_prefix("--").unwrap_or("");
        let is_input = |name: &str| inputs.iter().any(|input| input == name);
        let empty_behind =
            is_input(name) && given.peek().is_some_and(|next| next.trim().is_empty());
        let empty_within = name
            .split_once('=')
            .is_some_and(|(name, value)| is_input(name) && value.trim().is_empty());
        if empty_behind {
            given.next();
        } else if !empty_within {
            line.push(argument);
        }
    }
    line
}

/// Every input takes one value, and the last one given counts. A boolean may stand alone at a terminal, for true.
pub fn last_one_wins(command: Command) -> Command {
    let inputs = names(&command);
    command.args_override_self(true).mut_args(|argument| {
        let is_input = argument
            .get_long()
            .is_some_and(|long| inputs.iter().any(|input| input == long));
        match argument.get_action() {
            ArgAction::SetTrue if is_input => argument
                .action(ArgAction::Set)
                .num_args(0..=1)
                .default_missing_value("true"),
            ArgAction::Append => argument.action(ArgAction::Set),
            _ => argument,
        }
    })
}

/// What was wrong with the input, in the words of the caller: `input` on GitHub, `--flag` at a terminal.
pub fn explain(error: &clap::Error, command: &Command, on_github: bool) -> Error {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    let caller = |flag: &str| caller_name(flag, on_github);
    let message = match error.kind() {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error)
                .map(|reason| plainly(&reason.to_string()))
                .unwrap_or_else(|| format!("it is none of {}", text(ContextKind::ValidValue)));
            format!(
                "{} is {:?}: {reason}",
                caller(&text(ContextKind::InvalidArg)),
                text(ContextKind::InvalidValue),
            )
        }
        ErrorKind::MissingRequiredArgument => {
            let missing: Vec<String> = match error.get(ContextKind::InvalidArg) {
                Some(ContextValue::Strings(flags)) => {
                    flags.iter().map(|flag| caller(flag)).collect()
                }
                _ => vec![caller(&text(ContextKind::InvalidArg))],
            };
            format!("missing: {}", missing.join(", "))
        }
        ErrorKind::UnknownArgument => {
            let given = text(ContextKind::InvalidArg);
            match given.starts_with('-') {
                true => format!("unknown flag {given}"),
                false => format!("{given:?} is no flag: every input is given as one"),
            }
        }
        _ => first_line(error),
    };
    let name = command.get_name();
    let hint = if on_github {
        format!("See the inputs in the README of actions/{name}.")
    } else {
        format!("See `{name} --help`.")
    };
    Error::usage(message).hint(hint)
}

/// What the standard library and clap say of numbers, in words for everybody.
fn plainly(reason: &str) -> String {
    if reason == "invalid digit found in string" {
        return "it is no whole number".to_owned();
    }
    match reason.split_once(" is not in ") {
        Some((_, range)) => match range.split_once("..=") {
            Some((least, most)) => format!("it must be {least} to {most}"),
            None => format!("it must be {} or more", range.trim_end_matches("..")),
        },
        None => reason.to_owned(),
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let line = text.lines().next().unwrap_or("bad command line");
    line.trim_start_matches("error: ").to_owned()
}

/// `--timeout-seconds <SECONDS>` as its caller calls it.
fn caller_name(flag: &str, on_github: bool) -> String {
    let long = flag.split([' ', '=']).next().unwrap_or(flag);
    match long.strip_prefix("--") {
        Some(input) if on_github => format!("input `{input}`"),
        _ => long.to_owned(),
    }
}

/// Parses a boolean as `core.getBooleanInput` does: the YAML 1.2 core schema.
pub fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" | "True" | "TRUE" => Ok(true),
        "false" | "False" | "FALSE" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

/// A list: items on lines of their own or separated by commas; no empty items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List(pub Vec<String>);

impl std::str::FromStr for List {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(
            text.split(['\n', ','])
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Arg;

    fn command() -> Command {
        last_one_wins(
            Command::new("demo")
                .arg(
                    Arg::new("wait")
                        .long("wait")
                        .value_parser(clap::value_parser!(u32)),
                )
                .arg(Arg::new("force").long("force").value_parser(boolean))
                .arg(Arg::new("name").long("name").required(true)),
        )
    }

    fn parse(env: &[(&str, &str)], given: &[&str]) -> Result<clap::ArgMatches, clap::Error> {
        let given = given.iter().map(|text| (*text).to_owned()).collect();
        let line = command_line(&command(), &Env::of(env), given);
        command().try_get_matches_from(line)
    }

    #[test]
    fn an_empty_value_is_an_unset_one_for_every_type() {
        let env = [("KECS_WAIT", ""), ("KECS_FORCE", " "), ("KECS_NAME", "a")];
        let matches = parse(&env, &["--wait", "", "--force="]).unwrap();
        assert_eq!(matches.get_one::<u32>("wait"), None);
        assert_eq!(matches.get_one::<bool>("force"), None);
        let error = parse(&[("KECS_NAME", "")], &["--name", ""]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument);
    }

    #[test]
    fn a_boolean_takes_a_value_and_may_stand_alone() {
        #[derive(clap::Args)]
        struct Derived {
            #[arg(long, default_value = "false", value_parser = boolean)]
            force: bool,
        }
        let command = || last_one_wins(<Derived as clap::Args>::augment_args(Command::new("demo")));
        for (given, wanted) in [
            ("--force=true", true),
            ("--force=false", false),
            ("--force", true),
        ] {
            let matches = command().try_get_matches_from(["demo", given]).unwrap();
            assert_eq!(matches.get_one::<bool>("force"), Some(&wanted), "{given}");
        }
        let matches = command().try_get_matches_from(["demo"]).unwrap();
        assert_eq!(matches.get_one::<bool>("force"), Some(&false));
        assert!(
            command()
                .try_get_matches_from(["demo", "--force=yes"])
                .is_err()
        );
    }

    #[test]
    fn a_flag_wins_over_the_environment() {
        let matches = parse(&[("KECS_NAME", "a"), ("KECS_WAIT", "1")], &["--wait", "2"]).unwrap();
        assert_eq!(matches.get_one::<u32>("wait"), Some(&2));
    }

    #[test]
    fn what_is_wrong_with_a_number_is_said_in_words() {
        for (reason, words) in [
            ("invalid digit found in string", "it is no whole number"),
            ("0 is not in 1..=86400", "it must be 1 to 86400"),
            ("0 is not in 1..", "it must be 1 or more"),
            ("must be true or false", "must be true or false"),
        ] {
            assert_eq!(plainly(reason), words);
        }
        let stray = parse(&[], &["--name", "a", "b"]).unwrap_err();
        let message = explain(&stray, &command(), false).message();
        assert_eq!(message, "\"b\" is no flag: every input is given as one");
    }

    #[test]
    fn errors_name_the_input_as_the_caller_wrote_it() {
        let error = parse(&[("KECS_NAME", "a"), ("KECS_WAIT", "x")], &[]).unwrap_err();
        let on_github = explain(&error, &command(), true).message();
        assert!(
            on_github.starts_with("input `wait` is \"x\": "),
            "{on_github}"
        );
        let error = parse(&[], &[]).unwrap_err();
        assert_eq!(
            explain(&error, &command(), false).message(),
            "missing: --name"
        );
        assert_eq!(
            explain(&error, &command(), true).message(),
            "missing: input `name`"
        );
    }

    #[test]
    fn booleans_are_those_of_yaml() {
        for text in ["true", "True", "TRUE"] {
            assert_eq!(boolean(text), Ok(true));
        }
        for text in ["yes", "1", "on", "tRue"] {
            assert!(boolean(text).is_err());
        }
    }

    #[test]
    fn a_list_has_no_empty_items() {
        let list: List = "a, b\n\n c ,".parse().unwrap();
        assert_eq!(list.0, ["a", "b", "c"]);
    }
}
