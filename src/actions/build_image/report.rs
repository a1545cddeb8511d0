//! The job summary and the last line.

use crate::runner::cell;

/// What became of the image.
pub(super) struct Facts<'a> {
    pub(super) title: String,
    /// Name of a fact, and the fact; empty ones are left out.
    pub(super) rows: Vec<(&'a str, String)>,
}

impl Facts<'_> {
    pub(super) fn markdown(&self) -> String {
        let mut text = format!(
            "### build-image: {}\n\n| fact | value |\n|---|---|\n",
            cell(&self.title)
        );
        for (name, value) in self.rows.iter().filter(|(_, value)| !value.is_empty()) {
            text += &format!("| {name} | {} |\n", cell(value));
        }
        text
    }
}

/// Bytes as people read them: powers of ten, as registries count.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    for (unit, name) in UNITS {
        if count >= unit {
            return format!("{}.{} {name}", count / unit, count % unit * 10 / unit);
        }
    }
    format!("{count} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_powers_of_ten() {
        for (count, text) in [
            (12, "12 bytes"),
            (1_500, "1.5 kB"),
            (285_212_672, "285.2 MB"),
            (3_000_000_000, "3.0 GB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }
}
