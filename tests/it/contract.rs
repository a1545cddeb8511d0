//! `action.yml` ≡ clap ≡ README tables ≡ outputs. `KECS_BLESS=1` writes what is generated instead of comparing it.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, Command};
use keycloak_ecs_actions::action::Spec;
use keycloak_ecs_actions::actions::catalogue;
use keycloak_ecs_actions::actions::verify_providers::checks_table;
use keycloak_ecs_actions::error::Kind;
use keycloak_ecs_actions::runner::inputs;

use crate::support::repository;

pub(crate) mod terraform;

/// Inputs of a command, in the order of the command line.
fn input_args(command: &Command) -> Vec<&Arg> {
    let names = inputs::names(command);
    command
        .get_arguments()
        .filter(|argument| {
            argument
                .get_long()
                .is_some_and(|long| names.iter().any(|name| name == long))
        })
        .collect()
}

fn long(argument: &Arg) -> &str {
    argument.get_long().expect("inputs have a long flag")
}

/// The default as `action.yml` has it. The token of the job is the default of every `token`.
fn default(argument: &Arg) -> Option<String> {
    if long(argument) == "token" {
        return Some("${{ github.token }}".to_owned());
    }
    let values = argument.get_default_values();
    (!values.is_empty()).then(|| {
        values
            .iter()
            .map(|value| value.to_string_lossy().into_owned())
            .collect::<Vec<_>>()
            .join(",")
    })
}

fn help(argument: &Arg) -> String {
    argument
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn action_yml(spec: &Spec) -> String {
    let mut text = format!(
        "# Generated from the command line of the binary: `make bless`.\nname: {name}\ndescription: {summary}\n\
         branding:\n  icon: {icon}\n  color: {color}\ninputs:\n",
        name = spec.name,
        summary = quoted(spec.summary),
        icon = spec.branding.0,
        color = spec.branding.1,
    );
    let args = input_args(&spec.command);
    for argument in &args {
        let fact = match default(argument) {
            Some(default) => format!("default: {}", quoted(&default)),
            None => format!("required: {}", argument.is_required_set()),
        };
        write!(
            text,
            "  {}:\n    description: {}\n    {fact}\n",
            long(argument),
            quoted(&help(argument))
        )
        .unwrap();
    }
    text.push_str("outputs:\n");
    for output in spec.outputs {
        write!(
            text,
            "  {name}:\n    description: {}\n    value: ${{{{ steps.run.outputs.{name} }}}}\n",
            quoted(output.description),
            name = output.name
        )
        .unwrap();
    }
    write!(
        text,
        "runs:\n  using: composite\n  steps:\n    - name: {}\n      id: run\n      shell: bash\n      env:\n",
        quoted(spec.summary)
    )
    .unwrap();
    for argument in &args {
        let name = long(argument);
        writeln!(
            text,
            "        {}: ${{{{ inputs.{name} }}}}",
            inputs::variable(name)
        )
        .unwrap();
    }
    writeln!(
        text,
        "      run: exec \"$GITHUB_ACTION_PATH/../launch.sh\" {}",
        spec.name
    )
    .unwrap();
    text
}

fn inputs_table(spec: &Spec) -> String {
    let mut text = String::from("| Input | Default | Meaning |\n|---|---|---|\n");
    for argument in input_args(&spec.command) {
        let fact = match default(argument) {
            Some(default) => format!("`{default}`"),
            None if argument.is_required_set() => "**required**".to_owned(),
            None => String::new(),
        };
        writeln!(
            text,
            "| `{}` | {fact} | {} |",
            long(argument),
            help(argument).replace('|', "\\|")
        )
        .unwrap();
    }
    text
}

fn outputs_table(spec: &Spec) -> String {
    let mut text = String::from("| Output | Meaning |\n|---|---|\n");
    for output in spec.outputs {
        writeln!(text, "| `{}` | {} |", output.name, output.description).unwrap();
    }
    text
}

fn actions_table() -> String {
    let mut text = String::from("| Action | What it does |\n|---|---|\n");
    for spec in catalogue() {
        writeln!(
            text,
            "| [`{0}`](actions/{0}) | {1} |",
            spec.name, spec.summary
        )
        .unwrap();
    }
    text
}

fn exit_codes_table() -> String {
    let mut text =
        String::from("| Exit code | Meaning |\n|---|---|\n| 0 | done, or nothing to do |\n");
    for kind in Kind::ALL {
        writeln!(text, "| {} | {} |", kind.exit_code(), kind.meaning()).unwrap();
    }
    text
}

fn blessing() -> bool {
    std::env::var_os("KECS_BLESS").is_some()
}

fn expect_file(path: &Path, wanted: &str) {
    if blessing() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, wanted).unwrap();
        return;
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == wanted,
        "{} differs from what the code says; run `make bless`",
        path.display()
    );
}

/// Compares, or writes, the text between `<!-- name -->` and `<!-- /name -->`.
fn expect_section(path: &Path, name: &str, wanted: &str) {
    expect_section_but(path, name, wanted, str::to_owned);
}

/// A section of a page that says what is wanted, but for what `form` takes away.
pub(crate) fn expect_section_but(path: &Path, name: &str, wanted: &str, form: fn(&str) -> String) {
    // Tests of one process write to the same files.
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let turn = blessing().then(|| ONE_AT_A_TIME.lock());
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (head, rest) = text
        .split_once(&open)
        .unwrap_or_else(|| panic!("{} has no {open}", path.display()));
    let (found, tail) = rest
        .split_once(&close)
        .unwrap_or_else(|| panic!("{} has no {close}", path.display()));
    if blessing() {
        std::fs::write(path, format!("{head}{open}{wanted}{close}{tail}")).unwrap();
        drop(turn);
        return;
    }
    assert!(
        form(found) == form(wanted),
        "the section {name} of {} differs from what the code says; run `make bless`",
        path.display()
    );
}

#[test]
fn the_readme_has_every_check() {
    let path = repository().join("actions/verify-providers/README.md");
    expect_section(&path, "checks", &checks_table());
}

#[test]
fn action_files_say_what_the_command_lines_say() {
    for spec in catalogue() {
        let path = repository()
            .join("actions")
            .join(spec.name)
            .join("action.yml");
        expect_file(&path, &action_yml(&spec));
    }
}

#[test]
fn readme_tables_say_what_the_command_lines_say() {
    for spec in catalogue() {
        let path = repository()
            .join("actions")
            .join(spec.name)
            .join("README.md");
        expect_section(&path, "inputs", &inputs_table(&spec));
        expect_section(&path, "outputs", &outputs_table(&spec));
    }
    expect_section(&repository().join("README.md"), "actions", &actions_table());
    expect_section(
        &repository().join("README.md"),
        "exit codes",
        &exit_codes_table(),
    );
}

#[test]
fn outputs_are_the_fields_of_the_result() {
    for spec in catalogue() {
        let mut listed: Vec<&str> = spec.outputs.iter().map(|output| output.name).collect();
        let mut fields: Vec<&str> = spec.fields.iter().map(String::as_str).collect();
        listed.sort_unstable();
        fields.sort_unstable();
        assert_eq!(listed, fields, "{}", spec.name);
    }
}

#[test]
fn every_action_has_its_places_and_every_place_its_action() {
    let names: Vec<&str> = catalogue().iter().map(|spec| spec.name).collect();
    for name in &names {
        for place in [
            format!("src/bin/{name}.rs"),
            format!("src/actions/{}/mod.rs", name.replace('-', "_")),
            format!("actions/{name}/README.md"),
        ] {
            assert!(repository().join(&place).is_file(), "{place} is missing");
        }
    }
    for entry in std::fs::read_dir(repository().join("src/bin")).unwrap() {
        let file = entry.unwrap().path();
        let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(names.contains(&stem.as_str()), "{stem} is in no catalogue");
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 10, "{} has {lines} lines", file.display());
    }
}

#[test]
fn every_input_is_described() {
    for spec in catalogue() {
        for argument in input_args(&spec.command) {
            let text = help(argument);
            assert!(text.len() > 10, "{} --{}", spec.name, long(argument));
            assert!(!text.contains('\n'), "{} --{}", spec.name, long(argument));
        }
    }
}
