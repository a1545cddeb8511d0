//! The one place that knows which YAML library is used. It only reads files that the user owns.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Reads a value from YAML; the error has the file and the line.
pub(crate) fn read<T: DeserializeOwned>(text: &str, file: &str) -> Result<T> {
    serde_yaml::from_str(text).map_err(|error| {
        let line = error.location().map(|location| location.line());
        let fault = plainly(&error.to_string());
        Error::usage(format!("{file} is not as expected: {fault}"))
            .at(file, line)
            .hint("Correct that line; the README of the action has an example of the file.")
    })
}

/// Writes a value as YAML.
pub(crate) fn write<T: Serialize>(value: &T) -> Result<String> {
    serde_yaml::to_string(value).map_err(|error| Error::bug("could not write YAML").because(error))
}

/// The library's words in ours. The line is said elsewhere.
fn plainly(fault: &str) -> String {
    let fault = match fault.rfind(" at line ") {
        Some(at) if fault[at + 9..].contains("column") => &fault[..at],
        _ => fault,
    };
    let (place, fault) = match fault.split_once(": ") {
        Some((place, rest)) if !place.contains(' ') => (format!("{place}: "), rest),
        _ => (String::new(), fault),
    };
    let said = if let Some((key, known)) = between(fault, "unknown field `", "`, expected ") {
        let known = known.trim_start_matches("one of ");
        format!("there is no key `{key}` here, only {known}")
    } else if let Some((key, _)) = between(fault, "missing field `", "`") {
        format!("the key `{key}` is missing")
    } else if let Some((key, _)) = between(fault, "duplicate field `", "`") {
        format!("the key `{key}` is there twice")
    } else if let Some((found, wanted)) = between(fault, "invalid type: ", ", expected ")
        .or_else(|| between(fault, "invalid value: ", ", expected "))
    {
        format!("{} is there where {} must be", kind(found), kind(wanted))
    } else if let Some((variant, known)) = between(fault, "unknown variant `", "`, expected ") {
        format!(
            "{variant:?} is none of {}",
            known.trim_start_matches("one of ")
        )
    } else {
        fault.to_owned()
    };
    format!("{place}{said}")
}

fn between<'a>(text: &'a str, start: &str, middle: &str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix(start)?.split_once(middle)
}

/// A type in words: `string "x"` is a text.
fn kind(text: &str) -> String {
    let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
    let word = match name {
        "string" => "the text",
        "integer" | "floating" => "the number",
        "boolean" => "the value",
        "unit" | "null" => return "nothing".to_owned(),
        "map" => return "a mapping".to_owned(),
        "sequence" => return "a list".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => return "a whole number".to_owned(),
        "a" if rest == "sequence" => return "a list".to_owned(),
        "a" if rest == "string" => return "a text".to_owned(),
        "a" if rest == "map" => return "a mapping".to_owned(),
        "unit_value" => return "nothing".to_owned(),
        _ => return text.to_owned(),
    };
    format!("{word} {}", rest.trim_start_matches("point "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, expecting = "the keys `name` and `sizes`")]
    #[expect(dead_code, reason = "only its errors are looked at")]
    struct Example {
        name: String,
        #[serde(default)]
        sizes: Vec<u32>,
    }

    #[test]
    fn an_error_names_file_and_line() {
        let error = read::<Vec<u8>>("- 1\n- two\n", "list.yml").unwrap_err();
        let place = error.place().unwrap();
        assert_eq!((place.file.as_str(), place.line), ("list.yml", Some(2)));
    }

    #[test]
    fn errors_are_in_plain_words() {
        for (text, wanted) in [
            ("nme: x\n", "there is no key `nme` here, only `name`"),
            ("sizes: []\n", "the key `name` is missing"),
            ("name: a\nname: b\n", "the key `name` is there twice"),
            (
                "name: a\nsizes: 5\n",
                "sizes: the number `5` is there where a list must be",
            ),
            (
                "name: a\nsizes: [x]\n",
                "sizes[0]: the text \"x\" is there where a whole number must be",
            ),
            ("name: [a]\n", "name: a list is there where a text must be"),
            (
                "- a\n",
                "a list is there where the keys `name` and `sizes` must be",
            ),
            (
                "just text\n",
                "the text \"just text\" is there where the keys `name` and `sizes` must be",
            ),
        ] {
            let message = read::<Example>(text, "x.yml").unwrap_err().message();
            assert!(message.contains(wanted), "{text:?}: {message}");
            for word in [
                "field",
                "struct",
                "sequence",
                "expected struct",
                "u32",
                " at line",
            ] {
                assert!(!message.contains(word), "{word}: {message}");
            }
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let text = write(&[1_u8, 2]).unwrap();
        assert_eq!(read::<Vec<u8>>(&text, "list.yml").unwrap(), [1, 2]);
    }
}
