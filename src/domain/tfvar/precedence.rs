//! Which file of a folder wins when several give a variable a value.
//!
//! Lowest first: the default, an override file's default, `terraform.tfvars`, `terraform.tfvars.json`, `*.auto.tfvars`
//! and `*.auto.tfvars.json` in the order of their names, files given by `-var-file`. Source: Terraform's documentation,
//! "Input variables" and "Override files", November 2026.

use serde_json::Value;

use super::document::{Document, check_name};
use super::{Address, Assignment};
use crate::error::{Error, Result};

/// A file beside the one that is edited: its name in the folder, and its content.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    pub name: &'a str,
    pub bytes: &'a [u8],
}

/// The order is that of power; among equals the later name wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Default,
    Override,
    Values,
    ValuesJson,
    Auto,
    /// Only with `-var-file`.
    Chosen,
}

fn rank(name: &str) -> Option<Rank> {
    // What editors leave behind is not read (Terraform's `IsIgnoredFile`).
    if name.starts_with('.') || name.ends_with('~') || name.starts_with('#') && name.ends_with('#')
    {
        return None;
    }
    let stem = name.strip_suffix(".json").unwrap_or(name);
    match (stem.strip_suffix(".tf"), stem.strip_suffix(".tfvars")) {
        (Some("override"), _) => Some(Rank::Override),
        (Some(module), _) if module.ends_with("_override") => Some(Rank::Override),
        (Some(_), _) => Some(Rank::Default),
        (_, Some("terraform")) if stem == name => Some(Rank::Values),
        (_, Some("terraform")) => Some(Rank::ValuesJson),
        (_, Some(auto)) if auto.ends_with(".auto") => Some(Rank::Auto),
        (_, Some(_)) => Some(Rank::Chosen),
        (None, None) => None,
    }
}

/// Refuses to edit a value that another file of the same folder overrides, or a variable that another one declares too.
///
/// # Errors
///
/// Usage, with the other file and its line, which is a path in the folder of `file`.
pub fn check_overrides(file: &str, beside: &[Beside<'_>], wanted: &[Assignment]) -> Result<()> {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let Some(own) = rank(name) else {
        return Ok(());
    };
    for other in beside.iter().filter(|other| other.name != name) {
        let Some(rank) = rank(other.name) else {
            continue;
        };
        let wins = match own {
            Rank::Chosen => false,
            own => rank > own || rank == own && own > Rank::Default && other.name > name,
        };
        let declares = own == Rank::Default && rank == Rank::Default;
        if !wins && !declares {
            continue;
        }
        let path = match folder {
            "" => other.name.to_owned(),
            folder => format!("{folder}/{}", other.name),
        };
        for address in wanted.iter().map(|one| &one.address) {
            let found = find(&path, other.bytes, address, declares);
            match found {
                Ok(None) => {}
                Ok(Some(line)) if declares => {
                    return Err(Error::usage(format!(
                        "the variable {} is declared twice: in {file} and in {path}",
                        address.variable
                    ))
                    .at(&path, Some(line)));
                }
                Ok(Some(line)) => return Err(overridden(file, &path, line, address, rank)),
                // What Terraform reads only when asked to may be anything.
                Err(_) if rank == Rank::Chosen => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

fn overridden(file: &str, path: &str, line: usize, address: &Address, rank: Rank) -> Error {
    let when = match rank {
        Rank::Chosen => " whenever it is given with -var-file",
        _ => "",
    };
    Error::usage(format!(
        "{path} sets {} too and wins over {file}{when}",
        address.variable
    ))
    .at(path, Some(line))
    .hint(format!(
        "Edit {path} instead (input `file`), or take the variable out of it."
    ))
}

/// Line on which a file gives the variable a value, or declares it.
fn find(path: &str, bytes: &[u8], address: &Address, declares: bool) -> Result<Option<usize>> {
    let variable = &address.variable;
    if path.ends_with(".json") {
        return find_in_json(path, bytes, variable, declares);
    }
    check_name(path)?;
    let document = Document::parse(path, bytes)?;
    Ok(match declares {
        true => document.declares(variable),
        false => document.sets(variable),
    })
}

fn find_in_json(path: &str, bytes: &[u8], variable: &str, declares: bool) -> Result<Option<usize>> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        Error::usage(format!("{path} is not valid JSON: {error}")).at(path, Some(error.line()))
    })?;
    let set = match path.ends_with(".tf.json") {
        true => blocks(value.get("variable"))
            .into_iter()
            .flat_map(|blocks| self::blocks(blocks.get(variable)))
            .any(|block| declares || block.get("default").is_some()),
        false => value.get(variable).is_some(),
    };
    let text = String::from_utf8_lossy(bytes);
    let key = format!("\"{variable}\"");
    Ok(set.then(|| {
        let at = text.lines().position(|line| line.contains(&key));
        at.map_or(1, |at| at + 1)
    }))
}

/// Blocks of HCL in JSON: an object is one, a list holds several (HCL's JSON specification, "Structural Elements").
fn blocks(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(list)) => list.iter().flat_map(|one| blocks(Some(one))).collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(file: &str, beside: &[(&str, &str)]) -> Option<String> {
        let beside: Vec<Beside<'_>> = beside
            .iter()
            .map(|(name, text)| Beside {
                name,
                bytes: text.as_bytes(),
            })
            .collect();
        let wanted = ["tag=1.2.3".parse().unwrap()];
        let error = check_overrides(file, &beside, &wanted).err()?;
        let place = error.place().unwrap();
        Some(format!("{}:{}", place.file, place.line.unwrap_or_default()))
    }

    const SET: &str = "\ntag = \"1\"\n";
    const BLOCK: &str = "variable \"tag\" {\n  default = \"1\"\n}\n";

    #[test]
    fn a_file_that_wins_is_named_with_its_line() {
        for (file, other, text, wanted) in [
            (
                "variables.tf",
                "a.auto.tfvars",
                SET,
                Some("a.auto.tfvars:2"),
            ),
            (
                "variables.tf",
                "terraform.tfvars",
                SET,
                Some("terraform.tfvars:2"),
            ),
            ("variables.tf", "prod.tfvars", SET, Some("prod.tfvars:2")),
            (
                "variables.tf",
                "x_override.tf",
                BLOCK,
                Some("x_override.tf:2"),
            ),
            ("variables.tf", "other.tf", BLOCK, Some("other.tf:1")),
            (
                "env/variables.tf",
                "a.auto.tfvars",
                SET,
                Some("env/a.auto.tfvars:2"),
            ),
            (
                "terraform.tfvars",
                "a.auto.tfvars",
                SET,
                Some("a.auto.tfvars:2"),
            ),
            (
                "a.auto.tfvars",
                "b.auto.tfvars",
                SET,
                Some("b.auto.tfvars:2"),
            ),
            ("b.auto.tfvars", "a.auto.tfvars", SET, None),
            ("b.auto.tfvars", "terraform.tfvars", SET, None),
            ("b.auto.tfvars", "variables.tf", BLOCK, None),
            ("b.auto.tfvars", "prod.tfvars", SET, Some("prod.tfvars:2")),
            ("prod.tfvars", "stage.tfvars", SET, None),
            ("prod.tfvars", "z.auto.tfvars", SET, None),
            ("variables.tf", "terraform.tfvars.example", SET, None),
            (
                "variables.tf",
                "main.tf",
                "locals {\n  tag = var.tag\n}\n",
                None,
            ),
            (
                "variables.tf",
                "terraform.tfvars.json",
                "{\n\"tag\": 1}",
                Some("terraform.tfvars.json:2"),
            ),
            (
                "terraform.tfvars",
                "terraform.tfvars.json",
                "{\"tag\": 1}",
                Some("terraform.tfvars.json:1"),
            ),
            ("terraform.tfvars.json", "terraform.tfvars", SET, None),
            (
                "variables.tf",
                "more.tf.json",
                "{\"variable\": {\"tag\": {}}}",
                Some("more.tf.json:1"),
            ),
            ("variables.tf", "a.auto.tfvars", "other = \"x\"\n", None),
            (
                "variables.tf",
                "a.auto.tfvars",
                "not hcl",
                Some("a.auto.tfvars:1"),
            ),
            ("variables.tf", "prod.tfvars", "not hcl", None),
        ] {
            assert_eq!(
                refused(file, &[(other, text)]).as_deref(),
                wanted,
                "{file} beside {other}"
            );
        }
    }

    #[test]
    fn a_file_is_not_beside_itself() {
        assert_eq!(refused("variables.tf", &[("variables.tf", BLOCK)]), None);
    }
}
