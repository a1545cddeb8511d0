//! `name=value`, `images.keycloak=1.2.3`: what is to be set, as people write it.

use std::fmt;
use std::str::FromStr;

use hcl_edit::Ident;
use hcl_edit::expr::Expression;

/// A variable, or a key within its map or object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub variable: String,
    pub keys: Vec<String>,
}

/// A value for an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    pub address: Address,
    pub value: String,
}

/// Assignments, one a line; none of them within another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignments(pub Vec<Assignment>);

impl Address {
    /// Whether one of the two addresses is the other, or within it.
    fn overlaps(&self, other: &Self) -> bool {
        let shorter = self.keys.len().min(other.keys.len());
        self.variable == other.variable && self.keys[..shorter] == other.keys[..shorter]
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.variable)?;
        self.keys.iter().try_for_each(|key| {
            if !key.is_empty() && key.chars().all(plain) {
                write!(f, ".{key}")
            } else {
                write!(f, ".{}", super::edit::literal(key))
            }
        })
    }
}

/// What a key may hold without quotes.
fn plain(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let end = outside_quotes(line, '=')
            .ok_or_else(|| format!("{line:?} has no `=`: write name=value"))?;
        let mut segments = Vec::new();
        let mut rest = line[..end].trim();
        loop {
            let end = outside_quotes(rest, '.').unwrap_or(rest.len());
            segments.push(segment(&rest[..end])?);
            match rest.get(end + 1..) {
                Some(more) => rest = more,
                None => break,
            }
        }
        let variable = segments.remove(0);
        if Ident::try_new(variable.as_str()).is_err() {
            return Err(format!("{variable:?} cannot be the name of a variable"));
        }
        let address = Address {
            variable,
            keys: segments,
        };
        let value = value(line[end + 1..].trim(), &address)?;
        Ok(Self { address, value })
    }
}

/// Place of the first `wanted` that is not within quotes.
fn outside_quotes(text: &str, wanted: char) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c == wanted && !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

fn segment(text: &str) -> Result<String, String> {
    if text.starts_with('"') {
        return quoted(text).ok_or_else(|| format!("{text} is not a key in quotes"));
    }
    if text.is_empty() || !text.chars().all(plain) {
        return Err(format!(
            "{text:?} cannot be part of an address: use letters, digits, _ and -, or put a key into quotes"
        ));
    }
    Ok(text.to_owned())
}

fn value(text: &str, address: &Address) -> Result<String, String> {
    let value = if text.starts_with('"') {
        quoted(text).ok_or_else(|| {
            format!("{address} has the value {text}, which is not one text in quotes")
        })?
    } else if text.is_empty() {
        return Err(format!(
            "{address} has no value, as after the output of a step that does not exist; write {address}=\"\" to empty it"
        ));
    } else {
        text.to_owned()
    };
    if value.contains("${") || value.contains("%{") {
        return Err(format!(
            "{address} would be {value:?}: an expression, not a text"
        ));
    }
    if value.chars().any(char::is_control) {
        return Err(format!("{address} would hold control characters"));
    }
    Ok(value)
}

/// The content of a text in quotes, as HCL reads it.
fn quoted(text: &str) -> Option<String> {
    match text.parse::<Expression>() {
        Ok(Expression::String(value)) => Some(value.into_value()),
        _ => None,
    }
}

impl FromStr for Assignments {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut all: Vec<Assignment> = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let next: Assignment = line.parse()?;
            let twice = all.iter().find(|one| one.address.overlaps(&next.address));
            if let Some(one) = twice {
                return Err(if one.address == next.address {
                    format!("{} is given twice", next.address)
                } else {
                    format!("{} and {} are within each other", one.address, next.address)
                });
            }
            all.push(next);
        }
        Ok(Self(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, String) {
        let one: Assignment = text.parse().unwrap();
        (one.address.to_string(), one.value)
    }

    fn pair(address: &str, value: &str) -> (String, String) {
        (address.to_owned(), value.to_owned())
    }

    #[test]
    fn an_assignment_has_a_dotted_address_and_a_value() {
        assert_eq!(parsed("tag=1.2.3"), pair("tag", "1.2.3"));
        assert_eq!(parsed(" tag = \"1.2.3\" "), pair("tag", "1.2.3"));
        assert_eq!(
            parsed("images.keycloak=1.2.3"),
            pair("images.keycloak", "1.2.3")
        );
        assert_eq!(
            parsed("images.\"a.b=c\".d=x=y"),
            pair("images.\"a.b=c\".d", "x=y")
        );
        assert_eq!(parsed("ports.8080=a"), pair("ports.8080", "a"));
        assert_eq!(parsed("tag=\"\""), pair("tag", ""));
        assert_eq!(parsed(r#"tag="a\"b""#), pair("tag", "a\"b"));
    }

    #[test]
    fn what_is_no_assignment_is_refused_with_a_reason() {
        for (line, reason) in [
            ("tag", "no `=`"),
            ("tag=", "has no value"),
            ("=1", "cannot be part of an address"),
            ("a..b=1", "cannot be part of an address"),
            ("8080=1", "cannot be the name of a variable"),
            ("a b=1", "cannot be part of an address"),
            ("a.\"b\"c=1", "not a key in quotes"),
            ("tag=\"1\" # x", "not one text in quotes"),
            ("tag=\"${var.x}\"", "not one text in quotes"),
            ("tag=${{ steps.tag.outputs.tag }}", "an expression"),
            ("tag=a\tb", "control characters"),
        ] {
            let refused = line.parse::<Assignment>().unwrap_err();
            assert!(refused.contains(reason), "{line}: {refused}");
        }
    }

    #[test]
    fn assignments_stand_on_lines_of_their_own_and_do_not_overlap() {
        let all: Assignments = "\n a=1\n\nb.c=2\n".parse().unwrap();
        assert_eq!(all.0.len(), 2);
        assert!(
            "a=1\na=2"
                .parse::<Assignments>()
                .unwrap_err()
                .contains("twice")
        );
        assert!("a=1\na.b=2".parse::<Assignments>().is_err());
        assert!("a.b=1\na.c=2".parse::<Assignments>().is_ok());
    }
}
