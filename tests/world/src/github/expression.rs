//! The part of GitHub's expressions that concurrency groups use: literals, contexts, `==`, `!=`, `!`, `&&`, `||`.

use serde_json::Value;

/// Replaces each `${{ … }}` of a text by its value.
pub fn interpolate(text: &str, contexts: &Value) -> Result<String, String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, after) = after
            .split_once("}}")
            .ok_or_else(|| format!("{text:?} has an expression without an end"))?;
        result.push_str(before);
        result.push_str(&shown(&evaluate(expression, contexts)?));
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}

/// The value of one expression.
pub fn evaluate(expression: &str, contexts: &Value) -> Result<Value, String> {
    let mut parser = Parser {
        rest: expression,
        contexts,
    };
    let value = parser.or()?;
    match parser.rest.trim() {
        "" => Ok(value),
        rest => Err(format!("cannot evaluate {rest:?}")),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

struct Parser<'a> {
    rest: &'a str,
    contexts: &'a Value,
}

impl Parser<'_> {
    fn take(&mut self, token: &str) -> bool {
        match self.rest.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn or(&mut self) -> Result<Value, String> {
        let mut left = self.and()?;
        while self.take("||") {
            let right = self.and()?;
            left = if truthy(&left) { left } else { right };
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Value, String> {
        let mut left = self.equality()?;
        while self.take("&&") {
            let right = self.equality()?;
            left = if truthy(&left) { right } else { left };
        }
        Ok(left)
    }

    fn equality(&mut self) -> Result<Value, String> {
        let left = self.unary()?;
        let wanted = match (self.take("=="), self.take("!=")) {
            (true, _) => true,
            (_, true) => false,
            _ => return Ok(left),
        };
        let right = self.unary()?;
        let same = shown(&left).eq_ignore_ascii_case(&shown(&right));
        Ok((same == wanted).into())
    }

    fn unary(&mut self) -> Result<Value, String> {
        if !self.rest.trim_start().starts_with("!=") && self.take("!") {
            return Ok((!truthy(&self.unary()?)).into());
        }
        if self.take("(") {
            let value = self.or()?;
            return match self.take(")") {
                true => Ok(value),
                false => Err("a parenthesis has no end".to_owned()),
            };
        }
        if self.take("'") {
            return self.text();
        }
        self.path()
    }

    fn text(&mut self) -> Result<Value, String> {
        let mut text = String::new();
        loop {
            let (part, rest) = self
                .rest
                .split_once('\'')
                .ok_or_else(|| "a text has no end".to_owned())?;
            text.push_str(part);
            self.rest = rest;
            if !self.rest.starts_with('\'') {
                return Ok(text.into());
            }
            text.push('\'');
            self.rest = &self.rest[1..];
        }
    }

    fn path(&mut self) -> Result<Value, String> {
        let rest = self.rest.trim_start();
        let name = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        let end = rest.find(|c| !name(c)).unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        if word.is_empty() || rest.starts_with(['(', '[']) {
            return Err(format!("cannot evaluate {:?}", self.rest.trim()));
        }
        self.rest = rest;
        match word {
            "true" | "false" => return Ok((word == "true").into()),
            "null" => return Ok(Value::Null),
            _ => {}
        }
        if let Ok(number) = word.parse::<f64>() {
            return Ok(number.into());
        }
        let mut names = word.split('.');
        let context = names.next().unwrap_or_default();
        let mut value = self
            .contexts
            .get(context)
            .ok_or_else(|| format!("there is no context {context:?} here"))?;
        for name in names {
            value = value.get(name).unwrap_or(&Value::Null);
        }
        Ok(value.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn groups_are_worked_out() {
        let contexts = json!({
            "github": {"ref": "refs/heads/main", "event": {"pull_request": {"number": 7}}},
            "inputs": {"operation": "rollback"},
        });
        for (text, expected) in [
            ("release", "release"),
            ("x-${{ github.ref }}", "x-refs/heads/main"),
            ("${{ github.event.pull_request.number || github.ref }}", "7"),
            ("${{ github.head_ref || 'none' }}", "none"),
            (
                "${{ inputs.operation == 'rollback' && 'rollback' || 'deploy' }}-a",
                "rollback-a",
            ),
            (
                "${{ inputs.operation != 'rollback' && 'a' || 'it''s' }}",
                "it's",
            ),
            ("${{ !(inputs.operation == 'x') }}", "true"),
        ] {
            assert_eq!(interpolate(text, &contexts).as_deref(), Ok(expected));
        }
        assert!(interpolate("${{ matrix.environment }}", &contexts).is_err());
        assert!(interpolate("${{ hashFiles('x') }}", &contexts).is_err());
    }
}
