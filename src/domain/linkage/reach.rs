//! Which methods of `providers/` can run, starting at the classes that Keycloak makes itself.
//!
//! A rapid type analysis (Bacon and Sweeney, 1996): a virtual call reaches what the classes that were made somewhere have
//! for it. Code outside calls, on an object that it was given, every method that one of its own types declares, and every
//! annotated one. What is behind a handler for missing classes is reached less firmly.

use std::collections::hash_map::Entry as Slot;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::jdk;
use super::world::{ClassId, Known, Lookup, MethodId, OBJECT, Signature, World};
use crate::domain::class_file::{
    ABSTRACT, Call, ClassUse, Code, INTERFACE, Malformed, PRIVATE, PROTECTED, PUBLIC, Reference,
    STATIC,
};
use crate::domain::keycloak_index::{Class, MemberKey};

/// How surely something runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Code that expects that something may be missing leads there.
    Guarded,
    Firm,
}

/// What was reached.
pub(super) struct Reach<'w, 'a> {
    world: &'w World<'a>,
    queues: [Vec<MethodId>; 2],
    methods: HashMap<MethodId, (Level, Option<MethodId>)>,
    /// Classes that are loaded, and the method that first needed them.
    pub(super) loaded: HashMap<ClassId, (Level, Option<MethodId>)>,
    /// Classes that there are objects of.
    pub(super) made: HashMap<ClassId, (Level, Option<MethodId>)>,
    /// What reachable code refers to: by class, since that decides what it may use.
    pub(super) uses: HashMap<(ClassId, Reference<'w>), (Level, MethodId)>,
    /// Methods whose code cannot be read.
    pub(super) unreadable: HashMap<MethodId, (Level, Malformed)>,
    /// Virtual calls, by what they name: on which type, from where.
    called: HashMap<Signature<'w>, HashMap<&'w str, (Level, MethodId)>>,
    /// Methods of classes that were made, by what calls name.
    offered: HashMap<Signature<'w>, Vec<(ClassId, MethodId)>>,
    supertypes: HashMap<ClassId, Rc<HashSet<&'w str>>>,
}

impl<'w, 'a> Reach<'w, 'a> {
    pub(super) fn new(world: &'w World<'a>) -> Self {
        Self {
            world,
            queues: [const { Vec::new() }; 2],
            methods: HashMap::new(),
            loaded: HashMap::new(),
            made: HashMap::new(),
            uses: HashMap::new(),
            unreadable: HashMap::new(),
            called: HashMap::new(),
            offered: HashMap::new(),
            supertypes: HashMap::new(),
        }
    }

    /// Somebody outside makes an object of a class, with its constructor without parameters.
    pub(super) fn enter(&mut self, id: ClassId, level: Level) {
        self.make(id, level, None);
        let constructor = Signature {
            name: "<init>",
            descriptor: "()V",
        };
        if let Some(method) = self.world.declared(id, constructor) {
            self.reach(method, level, None);
        }
    }

    /// Follows all calls, the firm ones first.
    pub(super) fn follow(&mut self) {
        while let Some(method) = self.queues[1].pop().or_else(|| self.queues[0].pop()) {
            let (level, _) = self.methods[&method];
            self.visit(method, level);
        }
    }

    /// The class whose method led to `method`, in the end: one that was entered.
    pub(super) fn entry_of(&self, method: MethodId) -> ClassId {
        let mut at = method;
        let mut steps = 0;
        while let Some((_, Some(from))) = self.methods.get(&at) {
            at = *from;
            steps += 1;
            if steps > self.methods.len() {
                break;
            }
        }
        at.0
    }

    fn reach(&mut self, method: MethodId, level: Level, from: Option<MethodId>) {
        if improves(&mut self.methods, method, level, from) {
            self.queues[usize::from(level == Level::Firm)].push(method);
        }
    }

    fn visit(&mut self, method: MethodId, level: Level) {
        let Some(class) = self.world.class(method.0) else {
            return;
        };
        let code = match class.code(&class.methods[method.1]) {
            Ok(code) => code,
            Err(fault) => {
                self.unreadable.insert(method, (level, fault));
                return;
            }
        };
        let jar = self.world.jar(method.0);
        if !self.world.budget.references(jar, code.sites.len()) {
            return;
        }
        let guards = guards(&code);
        for site in &code.sites {
            let guarded = guards.iter().any(|guard| guard.contains(&site.at));
            let level = if guarded { Level::Guarded } else { level };
            let used = self
                .uses
                .entry((method.0, site.reference))
                .or_insert((level, method));
            if level > used.0 {
                *used = (level, method);
            }
            self.refer(site.reference, level, method);
        }
    }

    fn refer(&mut self, reference: Reference<'w>, level: Level, from: MethodId) {
        let from = Some(from);
        match reference {
            Reference::Class { name, used } => {
                let Some(id) = self.world.provided(name) else {
                    return self.serve(name, level, from);
                };
                match used {
                    ClassUse::New => self.make(id, level, from),
                    ClassUse::Constant => {
                        self.reflect(id, level, from);
                        self.serve(name, level, from);
                    }
                    ClassUse::Type => self.load(id, level, from),
                }
            }
            Reference::Field {
                owner, is_static, ..
            } => {
                if is_static && let Some(id) = self.world.provided(owner) {
                    self.load(id, level, from);
                }
            }
            Reference::Method {
                owner,
                name,
                descriptor,
                call,
                ..
            } => {
                let wanted = Signature { name, descriptor };
                if call == Call::Static
                    && let Some(id) = self.world.provided(owner)
                {
                    self.load(id, level, from);
                }
                let target = match self.world.method(owner, wanted, call == Call::Static) {
                    Lookup::Found { method, .. } => method,
                    _ => None,
                };
                let exact = target.filter(|target| {
                    call != Call::Virtual || self.world.access(*target) & PRIVATE != 0
                });
                if let Some(target) = exact {
                    self.reach(target, level, from);
                } else if call == Call::Virtual
                    && let Some(from) = from
                {
                    self.call(owner, wanted, level, from);
                }
            }
            Reference::Text(text) => {
                if text.contains('.')
                    && let Some(id) = self.world.provided(&text.replace('.', "/"))
                {
                    self.reflect(id, Level::Guarded, from);
                }
            }
        }
    }

    /// A virtual call: what the classes that were made offer for it.
    fn call(&mut self, owner: &'w str, wanted: Signature<'w>, level: Level, from: MethodId) {
        let known = self.called.entry(wanted).or_default();
        if known.get(owner).is_some_and(|(known, _)| *known >= level) {
            return;
        }
        known.insert(owner, (level, from));
        for (class, target) in self.offered.get(&wanted).cloned().unwrap_or_default() {
            if self.supertypes(class).contains(owner) {
                let made = self.made.get(&class).map_or(Level::Guarded, |made| made.0);
                self.reach(target, level.min(made), Some(from));
            }
        }
    }

    /// A class is loaded: its superclasses too, and their initialisers run.
    fn load(&mut self, id: ClassId, level: Level, from: Option<MethodId>) {
        if !improves(&mut self.loaded, id, level, from) {
            return;
        }
        let initialiser = Signature {
            name: "<clinit>",
            descriptor: "()V",
        };
        if let Some(method) = self.world.declared(id, initialiser) {
            self.reach(method, level, from);
        }
        for parent in self.world.parents(self.world.name(id)) {
            if let Some(parent) = self.world.provided(parent) {
                self.load(parent, level, from);
            }
        }
    }

    /// Somebody has `X.class`: it may make objects of it with any constructor.
    fn reflect(&mut self, id: ClassId, level: Level, from: Option<MethodId>) {
        let Some(class) = self.world.class(id) else {
            return;
        };
        if class.is(INTERFACE) || class.is(ABSTRACT) {
            return self.load(id, level, from);
        }
        self.make(id, level, from);
        for (place, method) in class.methods.iter().enumerate() {
            if class.name_of(method) == "<init>" {
                self.reach((id, place), level, from);
            }
        }
    }

    /// Somebody has the class of an interface: `ServiceLoader` may be asked for the classes that services files name.
    fn serve(&mut self, interface: &str, level: Level, from: Option<MethodId>) {
        for jar in self.world.jars {
            let Some(text) = jar.services.get(&interface.replace('/', ".")) else {
                continue;
            };
            for line in super::services::lines(text) {
                if let Some(id) = self.world.provided(&line.replace('.', "/")) {
                    self.reflect(id, level, from);
                }
            }
        }
    }

    /// There are objects of a class: calls can end in its methods.
    fn make(&mut self, id: ClassId, level: Level, from: Option<MethodId>) {
        if !improves(&mut self.made, id, level, from) {
            return;
        }
        self.load(id, level, from);
        let supertypes = self.supertypes(id);
        let outside = Outside::of(self.world, &supertypes);
        let mut seen = HashSet::new();
        let mut met = HashSet::new();
        let mut classes = vec![self.world.name(id)];
        while let Some(name) = classes.pop() {
            if !met.insert(name) {
                continue;
            }
            let Known::Provided(declaring, class) = self.world.find(name) else {
                continue;
            };
            // Superclasses before interfaces: the first method of a signature is the one that runs.
            classes.extend(class.interfaces());
            classes.extend(class.parent());
            for (place, method) in class.methods.iter().enumerate() {
                let name = class.name_of(method);
                let signature = Signature {
                    name,
                    descriptor: class.descriptor_of(method),
                };
                if method.is(STATIC | PRIVATE | ABSTRACT)
                    || name == "<init>"
                    || !seen.insert(signature)
                {
                    continue;
                }
                let target = (declaring, place);
                self.offered
                    .entry(signature)
                    .or_default()
                    .push((id, target));
                let visible = method.is(PUBLIC | PROTECTED);
                if method.annotated || visible && outside.calls(signature) {
                    self.reach(target, level, from);
                }
                let callers = self.called.get(&signature);
                let caller = callers
                    .into_iter()
                    .flatten()
                    .filter(|(owner, _)| supertypes.contains(*owner));
                if let Some((called, from)) = caller.map(|(_, caller)| *caller).max() {
                    self.reach(target, level.min(called), Some(from));
                }
            }
        }
    }

    fn supertypes(&mut self, id: ClassId) -> Rc<HashSet<&'w str>> {
        let world = self.world;
        let found = self.supertypes.entry(id);
        found
            .or_insert_with(|| Rc::new(world.supertypes(world.name(id))))
            .clone()
    }
}

/// What code outside of `providers/` can call on an object: the methods of its types there.
struct Outside<'w> {
    keycloak: Vec<Class<'w>>,
    jdk: Vec<&'w str>,
    /// A type is not known well enough.
    anything: bool,
}

impl<'w> Outside<'w> {
    fn of(world: &'w World<'_>, supertypes: &HashSet<&'w str>) -> Self {
        let mut outside = Self {
            keycloak: Vec::new(),
            jdk: Vec::new(),
            anything: false,
        };
        for &name in supertypes {
            match world.find(name) {
                Known::Keycloak(class) if class.lists_members() => outside.keycloak.push(class),
                Known::Jdk if jdk::declares(name, "").is_some() => outside.jdk.push(name),
                Known::Keycloak(_) | Known::Jdk => outside.anything = true,
                Known::Provided(..) | Known::Malformed | Known::Absent => {}
            }
        }
        outside
    }

    fn calls(&self, method: Signature<'_>) -> bool {
        let declared = |name: &&str| jdk::declares(name, method.name) == Some(true);
        self.anything
            || declared(&OBJECT)
            || self.jdk.iter().any(declared)
            || self
                .keycloak
                .iter()
                .any(|class| class.declares(MemberKey::new(method.name, method.descriptor, false)))
    }
}

/// Notes that something is reached; whether that is new, or surer than before.
fn improves<K: std::hash::Hash + Eq>(
    known: &mut HashMap<K, (Level, Option<MethodId>)>,
    key: K,
    level: Level,
    from: Option<MethodId>,
) -> bool {
    match known.entry(key) {
        Slot::Occupied(mut slot) if slot.get().0 < level => {
            slot.insert((level, from));
            true
        }
        Slot::Occupied(_) => false,
        Slot::Vacant(slot) => {
            slot.insert((level, from));
            true
        }
    }
}

/// Instructions that are inside a `try` whose `catch` goes on without what is missing. What `try` with resources is
/// compiled to catches everything as well, and throws it again after `addSuppressed`.
fn guards(code: &Code<'_>) -> Vec<std::ops::Range<usize>> {
    let rethrows = code.sites.iter().any(|site| {
        matches!(
            site.reference,
            Reference::Method {
                name: "addSuppressed",
                ..
            }
        )
    });
    code.handlers
        .iter()
        .filter(|handler| {
            handler.catches.is_some_and(|class| {
                jdk::catches_absence(class) && !(rethrows && class == "java/lang/Throwable")
            })
        })
        .map(|handler| handler.start..handler.end)
        .collect()
}
