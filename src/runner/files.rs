//! The files that a step writes for the runner: `GITHUB_OUTPUT`, `GITHUB_ENV`, `GITHUB_PATH`, `GITHUB_STEP_SUMMARY`.

use std::fs::OpenOptions;
use std::io::Write as _;

use crate::error::{Error, Result};

/// Bytes that one step may write to its summary; more is dropped as a whole.
/// Source: GitHub's documentation, "Step isolation and limits", November 2026.
pub(super) const SUMMARY_LIMIT: u64 = 1024 * 1024;

/// Appends `name=value` in the form that allows any value: a heredoc whose delimiter is random, so that a value
/// cannot end it.
pub(super) fn append_pair(path: &str, name: &str, value: &str) -> Result<()> {
    let delimiter = format!("kecs_{}", random_hex()?);
    append(path, &pair(name, value, &delimiter)?)
}

fn pair(name: &str, value: &str, delimiter: &str) -> Result<String> {
    if name.is_empty() || name.contains(['\r', '\n', '=']) || name.contains("<<") {
        return Err(Error::bug(format!(
            "{name:?} cannot be the name of a value"
        )));
    }
    if value.contains(delimiter) {
        return Err(Error::bug(format!(
            "the value of {name} holds its delimiter"
        )));
    }
    Ok(format!("{name}<<{delimiter}\n{value}\n{delimiter}\n"))
}

/// Appends `text` to a file of the runner's in one write.
pub(super) fn append(path: &str, text: &str) -> Result<()> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| {
            Error::usage(format!("could not write {path}, which the runner gave us"))
                .because(error)
                .hint("It is named by GITHUB_OUTPUT, GITHUB_ENV or GITHUB_STEP_SUMMARY: a file that this user may write.")
        })
}

/// 32 random hexadecimal digits.
pub(super) fn random_hex() -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::bug("the system gave no random bytes").because(error.to_string())
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_several_lines_stays_one_value() {
        assert_eq!(
            pair("tag", "1.2.3\nother=x", "eof").unwrap(),
            "tag<<eof\n1.2.3\nother=x\neof\n"
        );
        assert!(pair("tag", "1.2.3\neof\nother=x", "eof").is_err());
    }

    #[test]
    fn a_name_cannot_carry_a_second_pair() {
        for name in ["", "a\nb", "a=b", "a<<b"] {
            assert!(pair(name, "x", "d").is_err(), "{name:?}");
        }
    }
}
