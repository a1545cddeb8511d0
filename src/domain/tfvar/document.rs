//! One file of Terraform, and where a value is in it.

use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::parser::parse_body;
use hcl_edit::structure::{Block, Body};

use super::Address;
use crate::error::{Error, Result};

/// The mark that some editors put at the start of a file; Terraform skips it.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What a file holds, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// `*.tf`: a variable's value is the default of its block.
    Module,
    /// `*.tfvars`: a variable's value is an attribute.
    Values,
}

fn syntax(file: &str) -> Result<Syntax> {
    let refused = |reason: &str| {
        Err(Error::usage(format!("{} {reason}", base_name(file)))
            .at(file, None)
            .hint("Set the variable in a file *.tfvars or *.tf."))
    };
    if file.ends_with(".json") {
        refused("is JSON, which this action does not edit")
    } else if file.ends_with(".tfvars") {
        Ok(Syntax::Values)
    } else if file.ends_with(".tf") {
        Ok(Syntax::Module)
    } else {
        refused("is neither *.tfvars nor *.tf")
    }
}

fn base_name(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

/// Refuses a file that cannot be edited, by its name.
pub fn check_name(file: &str) -> Result<()> {
    syntax(file).map(|_| ())
}

/// A parsed file. Spans count from behind the byte order mark.
pub(super) struct Document<'a> {
    pub file: &'a str,
    pub syntax: Syntax,
    /// The text without its byte order mark.
    pub text: &'a str,
    /// Bytes of the byte order mark.
    pub mark: usize,
    pub body: Body,
}

/// A text in quotes.
pub(super) struct Located {
    /// With its quotes.
    pub span: Range<usize>,
    pub value: String,
}

impl<'a> Document<'a> {
    pub(super) fn parse(file: &'a str, bytes: &'a [u8]) -> Result<Self> {
        let syntax = syntax(file)?;
        let name = base_name(file);
        let whole = std::str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            Error::usage(format!("{name} is not UTF-8")).at(file, Some(line))
        })?;
        let text = whole.strip_prefix(BYTE_ORDER_MARK).unwrap_or(whole);
        let body = parse_body(text).map_err(|error| {
            let line = Some(error.location().line());
            let found = error.line().trim();
            Error::usage(if error.message().contains("redefined") {
                format!("{name} sets the same name twice: {found}")
            } else {
                format!("{name} is not valid HCL: {}: {found}", error.message())
            })
            .at(file, line)
            .hint("Correct that line; `terraform fmt` says what it expects there.")
        })?;
        Ok(Self {
            file,
            syntax,
            text,
            mark: whole.len() - text.len(),
            body,
        })
    }

    /// Line, counted from 1, of a byte of the text.
    pub(super) fn line(&self, at: usize) -> usize {
        self.text
            .bytes()
            .take(at)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1
    }

    /// The file without its folders, for messages: the place of an error has them.
    fn name(&self) -> &str {
        base_name(self.file)
    }

    fn line_of(&self, span: Option<Range<usize>>) -> Option<usize> {
        span.map(|span| self.line(span.start))
    }

    fn refuse(&self, span: Option<Range<usize>>, message: String) -> Error {
        Error::usage(message).at(self.file, self.line_of(span))
    }

    /// Line on which the file gives the variable a value, if it does. For a module: its default.
    pub(super) fn sets(&self, variable: &str) -> Option<usize> {
        match self.syntax {
            Syntax::Values => {
                let attribute = self.body.get_attribute(variable)?;
                self.line_of(attribute.span())
            }
            Syntax::Module => self.declarations(variable).find_map(|block| {
                let default = block.body.get_attribute("default")?;
                self.line_of(default.span()).or(Some(1))
            }),
        }
    }

    /// Line on which a module declares the variable.
    pub(super) fn declares(&self, variable: &str) -> Option<usize> {
        let block = self.declarations(variable).next()?;
        self.line_of(block.span())
    }

    fn declarations(&self, variable: &str) -> impl Iterator<Item = &Block> {
        let labels = [variable.to_owned()];
        self.body
            .get_blocks("variable")
            .filter(move |block| block.has_exact_labels(&labels))
    }

    /// The text that the address holds; anything but a text in quotes is refused.
    pub(super) fn locate(&self, address: &Address) -> Result<Located> {
        let mut found = self.value(address)?;
        let mut within = address.variable.clone();
        for key in &address.keys {
            found = self.entry(found, &within, key)?;
            within = format!("{within}.{key}");
        }
        let span = found.span();
        match (found, span.clone()) {
            (Expression::String(value), Some(span)) => Ok(Located {
                span,
                value: value.value().clone(),
            }),
            (other, _) => {
                let refused = self.refuse(
                    span,
                    format!(
                        "{address} is {}; only a text in quotes can be set",
                        shape(other)
                    ),
                );
                Err(match other {
                    Expression::Object(_) => {
                        refused.hint(format!("Name a key of it: {address}.<key>=<value>."))
                    }
                    _ => refused,
                })
            }
        }
    }

    /// The value of the variable itself.
    fn value(&self, address: &Address) -> Result<&Expression> {
        let variable = &address.variable;
        match self.syntax {
            Syntax::Values => {
                let attribute = self.body.get_attribute(variable);
                attribute.map(|attribute| &attribute.value).ok_or_else(|| {
                    self.absent(
                        variable,
                        self.body.attributes().map(|known| known.key.as_str()),
                    )
                })
            }
            Syntax::Module => {
                let blocks: Vec<&Block> = self.declarations(variable).collect();
                match blocks[..] {
                    [] => Err(self.undeclared(variable)),
                    [block] => {
                        let default = block.body.get_attribute("default");
                        default.map(|default| &default.value).ok_or_else(|| {
                            self.refuse(
                                block.span(),
                                format!("the variable {variable} has no default"),
                            )
                            .hint("Set the variable in a file *.tfvars, or give it a default once.")
                        })
                    }
                    [first, second, ..] => {
                        let first = self.line_of(first.span()).unwrap_or_default();
                        Err(self.refuse(
                            second.span(),
                            format!(
                                "the variable {variable} is declared twice, first on line {first}"
                            ),
                        ))
                    }
                }
            }
        }
    }

    fn undeclared(&self, variable: &str) -> Error {
        let local = self
            .body
            .get_blocks("locals")
            .find_map(|block| block.body.get_attribute(variable));
        if let Some(local) = local {
            return self.refuse(
                local.span(),
                format!("{variable} is a local value, not a variable"),
            );
        }
        let blocks = self.body.get_blocks("variable");
        self.absent(
            variable,
            blocks.filter_map(|block| Some(block.labels.first()?.as_str())),
        )
    }

    fn absent<'b>(&self, variable: &str, known: impl Iterator<Item = &'b str>) -> Error {
        let known: Vec<&str> = known.collect();
        let message = format!("{} has no variable {variable}", self.name());
        let absent = Error::usage(message).at(self.file, None);
        match known[..] {
            [] => absent,
            _ => absent.hint(format!("It has {}.", known.join(", "))),
        }
    }

    fn entry<'b>(&self, map: &'b Expression, within: &str, key: &str) -> Result<&'b Expression> {
        let Expression::Object(object) = map else {
            return Err(self.refuse(
                map.span(),
                format!("{within} is {}, so it has no key {key}", shape(map)),
            ));
        };
        let computed = object.iter().find(|(known, _)| key_name(known).is_none());
        if let Some((_, value)) = computed {
            return Err(self.refuse(
                value.expr().span(),
                format!("{within} has a computed key, which may be {key}"),
            ));
        }
        let known: Vec<(String, _)> = object
            .iter()
            .filter_map(|(known, value)| Some((key_name(known)?, value)))
            .collect();
        let mut found = known.iter().filter(|(known, _)| known == key);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(value.expr()),
            (Some(_), Some((_, second))) => Err(self.refuse(
                second.expr().span(),
                format!("{within} has the key {key} twice"),
            )),
            (None, _) => {
                let names: Vec<&str> = known.iter().map(|(known, _)| known.as_str()).collect();
                let absent = self.refuse(map.span(), format!("{within} has no key {key}"));
                Err(match names[..] {
                    [] => absent,
                    _ => absent.hint(format!("It has {}.", names.join(", "))),
                })
            }
        }
    }
}

/// The name of a key, if it is a literal.
fn key_name(key: &ObjectKey) -> Option<String> {
    let literal = |expression: &Expression| match expression {
        // Terraform takes a number as its text.
        Expression::Number(number) => Some(number.value().to_string()),
        other => other.as_str().map(str::to_owned),
    };
    match key {
        ObjectKey::Ident(name) => Some(name.as_str().to_owned()),
        ObjectKey::Expression(Expression::Parenthesis(inner)) => literal(inner.inner()),
        ObjectKey::Expression(expression) => literal(expression),
    }
}

/// What an expression is, in words.
fn shape(expression: &Expression) -> &'static str {
    match expression {
        Expression::Null(_) => "null",
        Expression::Bool(_) => "a boolean",
        Expression::Number(_) => "a number",
        Expression::String(_) => "a text",
        Expression::Array(_) => "a list",
        Expression::Object(_) => "a map or object",
        Expression::StringTemplate(_) => "a template",
        Expression::HeredocTemplate(_) => "a heredoc",
        Expression::Parenthesis(_) => "an expression in parentheses",
        Expression::Variable(_) | Expression::Traversal(_) => "a reference",
        Expression::FuncCall(_) => "a call of a function",
        Expression::ForExpr(_) => "a for expression",
        Expression::Conditional(_) | Expression::UnaryOp(_) | Expression::BinaryOp(_) => {
            "a computed value"
        }
    }
}
