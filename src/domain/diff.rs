//! A unified diff of two texts.

use std::fmt::Write as _;

/// Lines shown around a change.
const CONTEXT: usize = 3;
/// Cells of the table that finds the longest common part; of larger texts everything between the first and the last
/// difference is shown as changed.
const LARGEST_TABLE: usize = 16_000_000;

/// A line of both texts, of the old or of the new one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    Same(&'a str),
    Old(&'a str),
    New(&'a str),
}

/// The diff as `diff -u` prints it; empty if nothing changed. Carriage returns are left out: it is for people.
pub fn unified(file: &str, old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let lines = compared(&old, &new);
    let changed: Vec<usize> = (0..lines.len())
        .filter(|at| !matches!(lines[*at], Line::Same(_)))
        .collect();
    let mut text = String::new();
    let mut rest = &changed[..];
    while let Some(first) = rest.first() {
        let far = |pair: &[usize]| pair[1] - pair[0] > 2 * CONTEXT;
        let length = rest
            .windows(2)
            .position(far)
            .map_or(rest.len(), |at| at + 1);
        let start = first.saturating_sub(CONTEXT);
        let end = (rest[length - 1] + CONTEXT + 1).min(lines.len());
        hunk(&mut text, &lines, start..end);
        rest = &rest[length..];
    }
    if text.is_empty() {
        return text;
    }
    format!("--- a/{file}\n+++ b/{file}\n{text}")
}

fn hunk(text: &mut String, lines: &[Line<'_>], range: std::ops::Range<usize>) {
    let count = |lines: &[Line<'_>], other: fn(&Line<'_>) -> bool| {
        lines.iter().filter(|line| !other(line)).count()
    };
    let is_new = |line: &Line<'_>| matches!(line, Line::New(_));
    let is_old = |line: &Line<'_>| matches!(line, Line::Old(_));
    let (before, inside) = (&lines[..range.start], &lines[range]);
    // A side without lines is named by the line before it.
    let start =
        |other: fn(&Line<'_>) -> bool| count(before, other) + usize::from(count(inside, other) > 0);
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "@@ -{},{} +{},{} @@",
        start(is_new),
        count(inside, is_new),
        start(is_old),
        count(inside, is_old),
    );
    for line in inside {
        let _ = match line {
            Line::Same(line) => writeln!(text, " {line}"),
            Line::Old(line) => writeln!(text, "-{line}"),
            Line::New(line) => writeln!(text, "+{line}"),
        };
    }
}

/// Both texts as one sequence. In each change the old lines come first.
fn compared<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let alike =
        |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(a, b)| a == b).count();
    let head = alike(&mut old.iter().zip(new));
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = alike(&mut old_rest.iter().rev().zip(new_rest.iter().rev()));
    let old_middle = &old_rest[..old_rest.len() - tail];
    let new_middle = &new_rest[..new_rest.len() - tail];
    let mut lines: Vec<Line<'_>> = old[..head].iter().map(|line| Line::Same(line)).collect();
    lines.extend(middle(old_middle, new_middle));
    lines.extend(old[old.len() - tail..].iter().map(|line| Line::Same(line)));
    lines
}

/// By the longest common subsequence.
fn middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let width = new.len() + 1;
    let cells = (old.len() + 1).saturating_mul(width);
    if cells > LARGEST_TABLE {
        let old = old.iter().map(|line| Line::Old(line));
        return old.chain(new.iter().map(|line| Line::New(line))).collect();
    }
    let mut longest = vec![0_u32; cells];
    for at in (0..old.len()).rev() {
        for by in (0..new.len()).rev() {
            longest[at * width + by] = if old[at] == new[by] {
                longest[(at + 1) * width + by + 1] + 1
            } else {
                longest[(at + 1) * width + by].max(longest[at * width + by + 1])
            };
        }
    }
    let (mut at, mut by) = (0, 0);
    let (mut lines, mut added) = (Vec::new(), Vec::new());
    while at < old.len() || by < new.len() {
        if at < old.len() && by < new.len() && old[at] == new[by] {
            lines.append(&mut added);
            lines.push(Line::Same(old[at]));
            (at, by) = (at + 1, by + 1);
        } else if by == new.len()
            || at < old.len() && longest[(at + 1) * width + by] >= longest[at * width + by + 1]
        {
            lines.push(Line::Old(old[at]));
            at += 1;
        } else {
            added.push(Line::New(new[by]));
            by += 1;
        }
    }
    lines.append(&mut added);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
    fn lines_come_and_go() {
        let diff = unified("x", "a\nb\nc\nd\ne\nf\n", "a\nc\nd\ne\nf\ng\nh\n");
        let wanted = "--- a/x\n+++ b/x\n@@ -1,6 +1,7 @@\n a\n-b\n c\n d\n e\n f\n+g\n+h\n";
        assert_eq!(diff, wanted);
        assert_eq!(
            unified("x", "", "a\n"),
            "--- a/x\n+++ b/x\n@@ -0,0 +1,1 @@\n+a\n"
        );
    }

    #[test]
    fn line_ends_do_not_show() {
        assert_eq!(
            unified("x", "a\r\nb", "a\r\nc"),
            "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
        );
    }

    proptest! {
        #[test]
        fn both_texts_are_in_the_comparison(
            old in prop::collection::vec("[ab]", 0..12),
            new in prop::collection::vec("[ab]", 0..12),
        ) {
            let old: Vec<&str> = old.iter().map(String::as_str).collect();
            let new: Vec<&str> = new.iter().map(String::as_str).collect();
            let lines = compared(&old, &new);
            let side = |left: bool| -> Vec<&str> {
                lines
                    .iter()
                    .filter_map(|line| match line {
                        Line::Same(text) => Some(*text),
                        Line::Old(text) => left.then_some(*text),
                        Line::New(text) => (!left).then_some(*text),
                    })
                    .collect()
            };
            prop_assert_eq!(side(true), old);
            prop_assert_eq!(side(false), new);
        }
    }
}
