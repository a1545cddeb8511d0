//! What a builder leaves out of the build context.
//!
//! Source: Docker's documentation, "Build context", section ".dockerignore files" (November 2026): `*` and `?` do not cross
//! a `/`, `**` does; a rule for a folder holds for what is in it; `!` takes a rule back; the last rule that matches decides.

/// The rules of a `.dockerignore` file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    pattern: Vec<Token>,
    /// Whether it takes back what rules before it left out.
    keeps: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Literal(char),
    /// `?`
    One,
    /// `*`
    Any,
    /// `**` at the end: everything.
    Rest,
    /// `**` before something: any number of folders.
    Folders,
    /// `[a-z]`
    Class {
        ranges: Vec<(char, char)>,
        negated: bool,
    },
}

impl Ignore {
    pub fn parse(text: &str) -> Self {
        let lines = text.trim_start_matches('\u{feff}').lines();
        let rules = lines.filter(|line| !line.starts_with('#')).map(str::trim);
        Self {
            rules: rules.filter_map(Rule::parse).collect(),
        }
    }

    /// Whether a file or folder of the context, named with `/`, is left out.
    pub fn leaves_out(&self, path: &str) -> bool {
        let chars: Vec<char> = path.chars().collect();
        let folders = chars
            .iter()
            .enumerate()
            .filter(|(_, char)| **char == '/')
            .map(|(at, _)| at);
        let names: Vec<&[char]> = folders
            .chain([chars.len()])
            .map(|end| &chars[..end])
            .collect();
        let last = self.rules.iter().rev();
        last.clone()
            .find(|rule| names.iter().any(|name| fits(&rule.pattern, name)))
            .is_some_and(|rule| !rule.keeps)
    }

    /// Whether nothing in a folder that is left out can be taken back: there is no need to look into it.
    pub fn is_final(&self) -> bool {
        self.rules.iter().all(|rule| !rule.keeps)
    }
}

impl Rule {
    fn parse(line: &str) -> Option<Self> {
        let (keeps, line) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        let parts: Vec<&str> = line
            .split('/')
            .filter(|part| !matches!(*part, "" | "."))
            .collect();
        let pattern = tokens(&parts.join("/"));
        (!pattern.is_empty()).then_some(Self { pattern, keeps })
    }
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(char) = chars.next() {
        tokens.push(match char {
            '*' if chars.next_if_eq(&'*').is_some() => {
                while chars.next_if_eq(&'*').is_some() {}
                let _slash = chars.next_if_eq(&'/');
                match chars.peek() {
                    Some(_) => Token::Folders,
                    None => Token::Rest,
                }
            }
            '*' => Token::Any,
            '?' => Token::One,
            '[' => class(&mut chars),
            '\\' => Token::Literal(chars.next().unwrap_or('\\')),
            char => Token::Literal(char),
        });
    }
    tokens
}

/// The rest of `[a-z]`.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Token {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    while let Some(first) = chars.next().filter(|char| *char != ']') {
        let last = match chars.next_if_eq(&'-') {
            Some(_) => chars.next().unwrap_or(first),
            None => first,
        };
        ranges.push((first, last));
    }
    Token::Class { ranges, negated }
}

fn fits(pattern: &[Token], name: &[char]) -> bool {
    let Some((token, rest)) = pattern.split_first() else {
        return name.is_empty();
    };
    let one = |good: fn(&Token, char) -> bool| {
        name.split_first()
            .is_some_and(|(char, after)| good(token, *char) && fits(rest, after))
    };
    match token {
        Token::Rest => true,
        Token::Any => {
            let within = name.iter().take_while(|char| **char != '/').count();
            (0..=within).any(|length| fits(rest, &name[length..]))
        }
        Token::Folders => {
            let behind = name
                .iter()
                .enumerate()
                .filter(|(_, char)| **char == '/')
                .map(|(at, _)| at + 1);
            std::iter::once(0)
                .chain(behind)
                .any(|start| fits(rest, &name[start..]))
        }
        Token::Literal(_) => one(|token, char| *token == Token::Literal(char)),
        Token::One => one(|_, char| char != '/'),
        Token::Class { .. } => one(|token, char| match token {
            Token::Class { ranges, negated } => {
                let inside = ranges
                    .iter()
                    .any(|(first, last)| (*first..=*last).contains(&char));
                char != '/' && inside != *negated
            }
            _ => false,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_leave_out_what_they_name() {
        for (rules, out, kept) in [
            ("*.md", &["README.md"][..], &["themes/x/notes.md"][..]),
            ("**/*.md", &["README.md", "a/b/c.md"], &["a/b/c.mdx"]),
            (
                "node_modules",
                &["node_modules", "node_modules/a/b"],
                &["x/node_modules"],
            ),
            (
                "**/node_modules/",
                &["node_modules/a", "x/node_modules/b"],
                &["node_modules2"],
            ),
            ("/a/b", &["a/b", "a/b/c"], &["b", "x/a/b"]),
            ("./a", &["a", "a/b"], &["b/a"]),
            ("a/*/c", &["a/b/c", "a/b/c/d"], &["a/b/b/c", "a/c"]),
            ("a?c", &["abc"], &["a/c", "ac"]),
            ("[a-c]x", &["ax", "cx/y"], &["dx"]),
            ("[^a-c]x", &["dx"], &["ax"]),
            ("a/**", &["a/b", "a/b/c"], &["b"]),
            ("**", &["a", "a/b"], &[]),
            ("**/x/**/y", &["x/y", "a/x/b/c/y"], &["x", "y"]),
            ("# a\n\n \na\\*b", &["a*b"], &["axb", "# a"]),
        ] {
            let ignore = Ignore::parse(rules);
            for path in out {
                assert!(ignore.leaves_out(path), "{rules:?} leaves {path} out");
            }
            for path in kept {
                assert!(!ignore.leaves_out(path), "{rules:?} keeps {path}");
            }
        }
    }

    #[test]
    fn the_last_rule_that_matches_decides() {
        let ignore = Ignore::parse("*\n!docker\ndocker/secret\n!docker/secret/public\r\n");
        assert!(ignore.leaves_out("README.md"));
        assert!(!ignore.leaves_out("docker/Dockerfile"));
        assert!(ignore.leaves_out("docker/secret/key"));
        assert!(!ignore.leaves_out("docker/secret/public/key"));
        assert!(!ignore.is_final());
        assert!(Ignore::parse("a\nb").is_final());
    }
}
