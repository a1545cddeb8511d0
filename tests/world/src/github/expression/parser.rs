//! Parsing and evaluating in one go.

use serde_json::Value;

use super::Scope;
use super::operators::{call, compare, equal, property, truthy};

pub(super) struct Parser<'a> {
    rest: &'a str,
    scope: Scope<'a>,
    /// Whether `success()`, `failure()`, `always()` or `cancelled()` was called.
    pub asked_for_status: bool,
}

impl<'a> Parser<'a> {
    pub(super) fn new(expression: &'a str, scope: Scope<'a>) -> Self {
        Self {
            rest: expression,
            scope,
            asked_for_status: false,
        }
    }

    /// The value of all there is.
    pub(super) fn whole(&mut self) -> Result<Value, String> {
        let value = self.or()?;
        match self.rest.trim() {
            "" => Ok(value),
            rest => Err(format!("cannot evaluate {rest:?}")),
        }
    }

    fn take(&mut self, token: &str) -> bool {
        match self.rest.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        match self.take(token) {
            true => Ok(()),
            false => Err(format!("{token:?} is missing before {:?}", self.rest)),
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
        let mut left = self.comparison()?;
        loop {
            let wanted = match (self.take("=="), self.take("!=")) {
                (true, _) => true,
                (_, true) => false,
                _ => return Ok(left),
            };
            let right = self.comparison()?;
            left = (equal(&left, &right) == wanted).into();
        }
    }

    fn comparison(&mut self) -> Result<Value, String> {
        let mut left = self.unary()?;
        loop {
            // The longer ones first.
            let Some(operator) = ["<=", ">=", "<", ">"]
                .into_iter()
                .find(|one| self.take(one))
            else {
                return Ok(left);
            };
            let order = compare(&left, &self.unary()?);
            let holds = order.is_some_and(|order| match operator {
                "<=" => order.is_le(),
                ">=" => order.is_ge(),
                "<" => order.is_lt(),
                _ => order.is_gt(),
            });
            left = holds.into();
        }
    }

    fn unary(&mut self) -> Result<Value, String> {
        if !self.rest.trim_start().starts_with("!=") && self.take("!") {
            return Ok((!truthy(&self.unary()?)).into());
        }
        let mut value = self.primary()?;
        loop {
            if self.take("[") {
                let index = self.or()?;
                self.expect("]")?;
                value = property(&value, &index);
            } else if self.take(".") {
                let name = self.name();
                if name.is_empty() {
                    return Err(format!("a name is missing before {:?}", self.rest));
                }
                value = property(&value, &name.into());
            } else {
                return Ok(value);
            }
        }
    }

    fn primary(&mut self) -> Result<Value, String> {
        if self.take("(") {
            let value = self.or()?;
            self.expect(")")?;
            return Ok(value);
        }
        if self.take("'") {
            return self.text();
        }
        self.rest = self.rest.trim_start();
        if self
            .rest
            .starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+')
        {
            return self.number();
        }
        let name = self.name();
        match name {
            "" => Err(format!("cannot evaluate {:?}", self.rest)),
            "true" | "false" => Ok((name == "true").into()),
            "null" => Ok(Value::Null),
            _ if self.take("(") => self.call(name),
            _ => {
                let context = self.scope.contexts.get(name).cloned();
                context.ok_or_else(|| format!("Unrecognized named-value: '{name}'"))
            }
        }
    }

    fn name(&mut self) -> &'a str {
        let name = |c: char| c.is_alphanumeric() || "_-".contains(c);
        let rest = self.rest.trim_start();
        let (word, rest) = rest.split_at(rest.find(|c| !name(c)).unwrap_or(rest.len()));
        self.rest = rest;
        word
    }

    fn number(&mut self) -> Result<Value, String> {
        let part = |c: char| c.is_alphanumeric() || "+-.".contains(c);
        let (word, rest) = self
            .rest
            .split_at(self.rest.find(|c| !part(c)).unwrap_or(self.rest.len()));
        let number: f64 = word.parse().map_err(|_| format!("{word:?} is no number"))?;
        self.rest = rest;
        Ok(number.into())
    }

    fn text(&mut self) -> Result<Value, String> {
        let mut text = String::new();
        loop {
            let (part, rest) = self.rest.split_once('\'').ok_or("a text has no end")?;
            text.push_str(part);
            self.rest = rest;
            if !self.rest.starts_with('\'') {
                return Ok(text.into());
            }
            text.push('\'');
            self.rest = &self.rest[1..];
        }
    }

    fn call(&mut self, name: &str) -> Result<Value, String> {
        let mut arguments = Vec::new();
        while !self.take(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
            }
            arguments.push(self.or()?);
        }
        let status = |of: fn(super::Status) -> bool| {
            let status = self
                .scope
                .status
                .ok_or_else(|| format!("{name}() is not allowed here"));
            status.map(|status| Value::from(of(status)))
        };
        let asked = match name.to_ascii_lowercase().as_str() {
            "always" => status(|_| true),
            "success" => status(|status| status.success),
            "failure" => status(|status| status.failure),
            "cancelled" => status(|status| status.cancelled),
            other => return call(other, &arguments),
        };
        self.asked_for_status = true;
        asked
    }
}
