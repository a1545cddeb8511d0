//! The one place that knows which YAML library is used. It only reads files that the user owns.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Reads a value from YAML; the error has the file and the line.
pub(crate) fn read<T: DeserializeOwned>(text: &str, file: &str) -> Result<T> {
    serde_yaml::from_str(text).map_err(|error| {
        let line = error.location().map(|location| location.line());
        Error::usage(format!("{file} is not as expected: {error}")).at(file, line)
    })
}

/// Writes a value as YAML.
pub(crate) fn write<T: Serialize>(value: &T) -> Result<String> {
    serde_yaml::to_string(value).map_err(|error| Error::bug("could not write YAML").because(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_file_and_line() {
        let error = read::<Vec<u8>>("- 1\n- two\n", "list.yml").unwrap_err();
        let place = error.place().unwrap();
        assert_eq!((place.file.as_str(), place.line), ("list.yml", Some(2)));
    }

    #[test]
    fn what_is_written_can_be_read() {
        let text = write(&[1_u8, 2]).unwrap();
        assert_eq!(read::<Vec<u8>>(&text, "list.yml").unwrap(), [1, 2]);
    }
}
