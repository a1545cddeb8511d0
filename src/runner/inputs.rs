//! Inputs: flag `--timeout-seconds` = environment variable `KECS_TIMEOUT_SECONDS` = action input `timeout-seconds`.
//!
//! A composite action gets no `INPUT_*` variables from GitHub (actions/runner#665), so each `action.yml` maps its
//! inputs to `KECS_*`. An input that the caller left out arrives there as an empty text; an empty value is therefore
//! an unset one, for every type, and this is the one place that makes it so.

use std::any::TypeId;
use std::collections::BTreeMap;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};

use super::Env;
use crate::domain::tfvar::Assignments;
use crate::error::{Error, Result};

/// Prefix of the environment variables that carry inputs. Never `INPUT_`, which act sets and GitHub does not.
pub const PREFIX: &str = "KECS_";

/// The variable that says what an action does, where there is a choice.
pub const OPERATION: &str = "KECS_OPERATION";

/// Whether the caller asks for this operation: by a flag, or else by the variable.
pub fn is_operation(operation: &str, env: &Env, given: &[String]) -> bool {
    let flag = given.iter().enumerate().find_map(|(at, argument)| {
        match argument.strip_prefix("--operation")? {
            "" => given.get(at + 1).map(String::as_str),
            rest => rest.strip_prefix('='),
        }
    });
    flag.filter(|flag| !flag.trim().is_empty())
        .or_else(|| env.get(OPERATION))
        .is_some_and(|asked| asked.trim() == operation)
}

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
/// Flags and variables whose value is empty are left out. The items of a list may be given one by one; any other flag
/// that is given twice is refused.
pub fn command_line(command: &Command, env: &Env, given: Vec<String>) -> Result<Vec<String>> {
    let inputs = names(command);
    let lists = lists(command);
    let mut line = vec![command.get_name().to_owned()];
    for input in &inputs {
        if let Some(value) = env.get(&variable(input)) {
            line.push(format!("--{input}={}", value.trim()));
        }
    }
    // Where a flag stands in the line.
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut given = given.into_iter().peekable();
    while let Some(argument) = given.next() {
        let flag = argument.strip_prefix("--").unwrap_or("");
        let (name, within) = match flag.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (flag.to_owned(), None),
        };
        if !inputs.contains(&name) {
            line.push(argument);
            continue;
        }
        let is_list = lists.contains(&name.as_str());
        let empty = |value: &String| value.trim().is_empty();
        let value = match within {
            None if is_list || given.peek().is_some_and(empty) => given.next(),
            within => within,
        };
        if value.as_ref().is_some_and(empty) {
            continue;
        }
        match (places.get(&name), value) {
            (None, Some(value)) => {
                places.insert(name.clone(), line.len());
                line.push(format!("--{name}={value}"));
            }
            (None, None) => {
                places.insert(name, line.len());
                line.push(argument);
            }
            (Some(place), Some(value)) if is_list => {
                line[*place] += &format!("\n{value}");
            }
            (Some(_), _) => {
                return Err(Error::usage(format!("--{name} is given twice"))
                    .hint("Which one is meant? Give it once."));
            }
        }
    }
    Ok(line)
}

/// Inputs that hold several items.
fn lists(command: &Command) -> Vec<&str> {
    let lists = [TypeId::of::<List>(), TypeId::of::<Assignments>()];
    let is_list = |argument: &&Arg| {
        let of = argument.get_value_parser().type_id();
        lists.iter().any(|list| of == *list)
    };
    let found = command.get_arguments().filter(is_list);
    found.filter_map(Arg::get_long).collect()
}

/// Every input takes one value, and that of a flag counts more than that of the environment. A boolean may stand alone at
/// a terminal, for true. A number may be below zero, to be refused for what it is.
pub fn one_value_each(command: Command) -> Command {
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
            _ => argument.allow_negative_numbers(is_input),
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
pub fn boolean(text: &str) -> std::result::Result<bool, String> {
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

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
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
        one_value_each(
            Command::new("demo")
                .arg(
                    Arg::new("wait")
                        .long("wait")
                        .value_parser(clap::value_parser!(u32)),
                )
                .arg(Arg::new("force").long("force").value_parser(boolean))
                .arg(
                    Arg::new("names")
                        .long("names")
                        .value_parser(clap::value_parser!(List)),
                )
                .arg(Arg::new("name").long("name").required(true)),
        )
    }

    fn line(env: &[(&str, &str)], given: &[&str]) -> Result<Vec<String>> {
        let given = given.iter().map(|text| (*text).to_owned()).collect();
        command_line(&command(), &Env::of(env), given)
    }

    fn parse(env: &[(&str, &str)], given: &[&str]) -> Result<clap::ArgMatches, clap::Error> {
        command().try_get_matches_from(line(env, given).unwrap())
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
        let command =
            || one_value_each(<Derived as clap::Args>::augment_args(Command::new("demo")));
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
    fn what_is_given_twice_adds_up_or_is_refused() {
        let given = ["--name=a", "--names", "b,c", "--names", "", "--names=d"];
        let matches = parse(&[("KECS_NAMES", "x")], &given).unwrap();
        let names = matches.get_one::<List>("names").unwrap();
        assert_eq!(names.0, ["b", "c", "d"]);
        for twice in [["--name=a", "--name=b"], ["--force", "--force"]] {
            let error = line(&[], &twice).unwrap_err();
            assert!(error.message().ends_with("is given twice"), "{error}");
        }
    }

    #[test]
    fn a_number_below_zero_is_no_flag() {
        let error = parse(&[], &["--name=a", "--wait", "-1"]).unwrap_err();
        let message = explain(&error, &command(), false).message();
        assert!(message.starts_with("--wait is \"-1\": "), "{message}");
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
