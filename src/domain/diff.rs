//! A unified diff of two texts with the same number of lines.

use std::fmt::Write as _;

/// Lines shown around a change.
const CONTEXT: usize = 3;

/// The diff of an edit that moves no line, as `diff -u` prints it; empty if nothing changed. Carriage returns are left
/// out: it is for people.
pub fn unified(file: &str, old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let changed: Vec<usize> = (0..old.len().max(new.len()))
        .filter(|at| old.get(*at) != new.get(*at))
        .collect();
    let mut text = String::new();
    let mut rest = &changed[..];
    while let Some(first) = rest.first() {
        let near = |pair: &[usize]| pair[1] - pair[0] > 2 * CONTEXT;
        let length = rest
            .windows(2)
            .position(near)
            .map_or(rest.len(), |at| at + 1);
        let last = rest[length - 1];
        let start = first.saturating_sub(CONTEXT);
        let end = (last + CONTEXT + 1).min(old.len().max(new.len()));
        hunk(&mut text, &old, &new, start..end);
        rest = &rest[length..];
    }
    if text.is_empty() {
        return text;
    }
    format!("--- a/{file}\n+++ b/{file}\n{text}")
}

fn hunk(text: &mut String, old: &[&str], new: &[&str], lines: std::ops::Range<usize>) {
    let part = |all: &[&str]| lines.end.min(all.len()).saturating_sub(lines.start);
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "@@ -{start},{} +{start},{} @@",
        part(old),
        part(new),
        start = lines.start + 1
    );
    let mut at = lines.start;
    while at < lines.end {
        if old.get(at) == new.get(at) {
            let _ = writeln!(text, " {}", old.get(at).unwrap_or(&""));
            at += 1;
            continue;
        }
        let until = (at..lines.end)
            .find(|at| old.get(*at) == new.get(*at))
            .unwrap_or(lines.end);
        for (sign, side) in [('-', old), ('+', new)] {
            for line in side.iter().take(until).skip(at) {
                let _ = writeln!(text, "{sign}{line}");
            }
        }
        at = until;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_three_lines_around_it() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\n";
        let new = old.replace('e', "E");
        let wanted = "--- a/x\n+++ b/x\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n";
        assert_eq!(unified("x", old, &new), wanted);
        assert_eq!(unified("x", old, old), "");
    }

    #[test]
    fn changes_far_apart_are_two_hunks_and_neighbours_one() {
        let old: String = (0..20).map(|line| format!("{line}\n")).collect();
        let far = old
            .replace("2\n3\n", "two\n3\n")
            .replace("\n17\n", "\nseventeen\n");
        assert_eq!(unified("x", &old, &far).matches("@@ -").count(), 2);
        let near = old.replace("\n5\n6\n", "\nfive\nsix\n");
        let diff = unified("x", &old, &near);
        assert!(diff.contains("-5\n-6\n+five\n+six\n"), "{diff}");
    }

    #[test]
    fn line_ends_do_not_show() {
        assert_eq!(
            unified("x", "a\r\nb", "a\r\nc"),
            "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
        );
    }
}
