//! Class files for tests, made in memory. Their code is what linking looks at: it need not run.

use std::collections::BTreeMap;

const PUBLIC: u16 = 0x0001;

/// An instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op<'a> {
    /// `new`
    New(&'a str),
    /// `checkcast`
    Cast(&'a str),
    /// `X.class`
    Class(&'a str),
    Text(&'a str),
    GetStatic(&'a str, &'a str, &'a str),
    GetField(&'a str, &'a str, &'a str),
    Static(&'a str, &'a str, &'a str),
    Special(&'a str, &'a str, &'a str),
    Virtual(&'a str, &'a str, &'a str),
    Interface(&'a str, &'a str, &'a str),
    /// `invokedynamic` whose bootstrap method is given a handle of this static method: a lambda.
    Lambda(&'a str, &'a str, &'a str),
    Raw(&'a [u8]),
}

/// A class that is being written.
pub(crate) struct Class {
    name: String,
    access: u16,
    parent: String,
    interfaces: Vec<String>,
    constants: BTreeMap<Vec<u8>, u16>,
    pool: Vec<u8>,
    fields: Vec<Vec<u8>>,
    methods: Vec<Vec<u8>>,
    bootstraps: Vec<Vec<u8>>,
    /// Contents of `RuntimeVisibleAnnotations`.
    annotations: Option<Vec<u8>>,
}

impl Class {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            access: PUBLIC,
            parent: "java/lang/Object".to_owned(),
            interfaces: Vec::new(),
            constants: BTreeMap::new(),
            pool: Vec::new(),
            fields: Vec::new(),
            methods: Vec::new(),
            bootstraps: Vec::new(),
            annotations: None,
        }
    }

    pub(crate) fn access(mut self, access: u16) -> Self {
        self.access = access;
        self
    }

    pub(crate) fn extends(mut self, parent: &str) -> Self {
        parent.clone_into(&mut self.parent);
        self
    }

    pub(crate) fn implements(mut self, interface: &str) -> Self {
        self.interfaces.push(interface.to_owned());
        self
    }

    /// Marks it as an entity of JPA, beside another annotation.
    pub(crate) fn entity(mut self, name: Option<&str>) -> Self {
        let [table, value, entity] =
            ["La/Table;", "value", "Ljakarta/persistence/Entity;"].map(|text| self.utf8(text));
        let mut content = big(&[2, table, 1, value]);
        // A list of an enumeration's value and an annotation without values.
        content.extend(
            [
                &b"[\0\x02e"[..],
                &big(&[value, value]),
                b"@",
                &big(&[table, 0]),
            ]
            .concat(),
        );
        let pairs = name.map(|name| [self.utf8("name"), self.utf8(name)]);
        content.extend(big(&[entity, u16::from(pairs.is_some())]));
        if let Some([key, name]) = pairs {
            content.extend([&big(&[key])[..], b"s", &big(&[name])].concat());
        }
        self.annotations = Some(content);
        self
    }

    /// A public constructor without parameters.
    pub(crate) fn made(self) -> Self {
        let parent = self.parent.clone();
        self.method(
            PUBLIC,
            "<init>",
            "()V",
            &[Op::Special(&parent, "<init>", "()V")],
        )
    }

    pub(crate) fn field(mut self, access: u16, name: &str, descriptor: &str) -> Self {
        let head = [access, self.utf8(name), self.utf8(descriptor), 0];
        self.fields.push(big(&head));
        self
    }

    pub(crate) fn method(self, access: u16, name: &str, descriptor: &str, ops: &[Op<'_>]) -> Self {
        self.guarded(access, name, descriptor, ops, None)
    }

    /// A method whose code is all inside a `try` that catches `catches`.
    pub(crate) fn guarded(
        mut self,
        access: u16,
        name: &str,
        descriptor: &str,
        ops: &[Op<'_>],
        catches: Option<&str>,
    ) -> Self {
        let mut code = Vec::new();
        for op in ops {
            self.op(*op, &mut code);
        }
        let end = u16::try_from(code.len()).unwrap();
        let mut content = big(&[8, 8]);
        content.extend(u32::from(end).to_be_bytes());
        content.extend(code);
        if let Some(catches) = catches {
            let catches = self.class(catches);
            content.extend(big(&[1, 0, end, 0, catches]));
        } else {
            content.extend(big(&[0]));
        }
        content.extend(big(&[0]));
        let bodies = u16::from(access & 0x0400 == 0);
        let mut method = big(&[access, self.utf8(name), self.utf8(descriptor), bodies]);
        if bodies == 1 {
            method.extend(big(&[self.utf8("Code")]));
            method.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
            method.extend(content);
        }
        self.methods.push(method);
        self
    }

    fn op(&mut self, op: Op<'_>, code: &mut Vec<u8>) {
        let (opcode, index) = match op {
            Op::New(name) => (0xBB, self.class(name)),
            Op::Cast(name) => (0xC0, self.class(name)),
            Op::Class(name) => (0x13, self.class(name)),
            Op::Text(text) => {
                let text = self.utf8(text);
                (0x13, self.constant(8, &[text]))
            }
            Op::GetStatic(owner, name, descriptor) => {
                (0xB2, self.member(9, owner, name, descriptor))
            }
            Op::GetField(owner, name, descriptor) => {
                (0xB4, self.member(9, owner, name, descriptor))
            }
            Op::Static(owner, name, descriptor) => (0xB8, self.member(10, owner, name, descriptor)),
            Op::Special(owner, name, descriptor) => {
                (0xB7, self.member(10, owner, name, descriptor))
            }
            Op::Virtual(owner, name, descriptor) => {
                (0xB6, self.member(10, owner, name, descriptor))
            }
            Op::Interface(owner, name, descriptor) => {
                (0xB9, self.member(11, owner, name, descriptor))
            }
            Op::Lambda(owner, name, descriptor) => {
                let factory = self.member(
                    10,
                    "java/lang/invoke/LambdaMetafactory",
                    "metafactory",
                    "()V",
                );
                let [factory, target] =
                    [factory, self.member(10, owner, name, descriptor)].map(|member| {
                        let [high, low] = member.to_be_bytes();
                        self.raw(15, vec![6, high, low])
                    });
                let bootstrap = u16::try_from(self.bootstraps.len()).unwrap();
                self.bootstraps.push(big(&[factory, 1, target]));
                let pair = self.pair("get", "()Ljava/util/function/Supplier;");
                (0xBA, self.constant(18, &[bootstrap, pair]))
            }
            Op::Raw(bytes) => return code.extend(bytes),
        };
        code.push(opcode);
        code.extend(index.to_be_bytes());
        if matches!(op, Op::Interface(..) | Op::Lambda(..)) {
            code.extend([0, 0]);
        }
    }

    fn raw(&mut self, tag: u8, content: Vec<u8>) -> u16 {
        let entry = [vec![tag], content].concat();
        let next = u16::try_from(self.constants.len() + 1).unwrap();
        let pool = &mut self.pool;
        *self.constants.entry(entry).or_insert_with_key(|entry| {
            pool.extend(entry);
            next
        })
    }

    fn constant(&mut self, tag: u8, numbers: &[u16]) -> u16 {
        self.raw(tag, big(numbers))
    }

    fn utf8(&mut self, text: &str) -> u16 {
        let length = u16::try_from(text.len()).unwrap().to_be_bytes();
        self.raw(1, [&length, text.as_bytes()].concat())
    }

    fn class(&mut self, name: &str) -> u16 {
        let name = self.utf8(name);
        self.constant(7, &[name])
    }

    fn pair(&mut self, name: &str, descriptor: &str) -> u16 {
        let numbers = [self.utf8(name), self.utf8(descriptor)];
        self.constant(12, &numbers)
    }

    fn member(&mut self, tag: u8, owner: &str, name: &str, descriptor: &str) -> u16 {
        let numbers = [self.class(owner), self.pair(name, descriptor)];
        self.constant(tag, &numbers)
    }

    /// The class file.
    pub(crate) fn bytes(mut self) -> Vec<u8> {
        let (name, parent) = (self.name.clone(), self.parent.clone());
        let mut body = big(&[self.access, self.class(&name), self.class(&parent)]);
        let interfaces = std::mem::take(&mut self.interfaces);
        body.extend(big(&[u16::try_from(interfaces.len()).unwrap()]));
        for interface in interfaces {
            body.extend(big(&[self.class(&interface)]));
        }
        for members in [&self.fields, &self.methods] {
            body.extend(big(&[u16::try_from(members.len()).unwrap()]));
            body.extend(members.concat());
        }
        let bootstraps = std::mem::take(&mut self.bootstraps);
        let content = [
            big(&[u16::try_from(bootstraps.len()).unwrap()]),
            bootstraps.concat(),
        ]
        .concat();
        let annotations = self.annotations.take();
        let annotations = annotations.map(|content| ("RuntimeVisibleAnnotations", content));
        let attributes: Vec<_> = [Some(("BootstrapMethods", content)), annotations]
            .into_iter()
            .flatten()
            .collect();
        body.extend(big(&[u16::try_from(attributes.len()).unwrap()]));
        for (name, content) in attributes {
            body.extend(big(&[self.utf8(name)]));
            body.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
            body.extend(content);
        }
        let mut file = 0xCAFE_BABE_u32.to_be_bytes().to_vec();
        file.extend(big(&[
            0,
            61,
            u16::try_from(self.constants.len() + 1).unwrap(),
        ]));
        file.extend(&self.pool);
        file.extend(body);
        file
    }
}

fn big(numbers: &[u16]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect()
}
