//! The sources as the compiler sees them: which files are modules, what each names, and what is only there for tests.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proc_macro2::{TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, Token, UseTree};

/// Contents by path, from the package's folder on.
pub(super) type Files = BTreeMap<String, String>;

/// A file that is a module.
#[derive(Default)]
pub(super) struct Module {
    pub(super) file: String,
    /// Its place: `["store", "verify"]`; nothing for lib.rs.
    pub(super) path: Vec<String>,
    /// Whether it is there only for tests.
    pub(super) tests: bool,
    /// Whatever it names with a path, and where.
    pub(super) names: Vec<Name>,
    /// What others find here although it is elsewhere (`pub use`).
    pub(super) handed_on: HashMap<String, Vec<String>>,
    /// Types and traits of its own that other rooms may use, and where.
    pub(super) types: Vec<(String, usize)>,
    /// What is public and has no doc comment, and where. A field or a variant may be told by its name.
    pub(super) undocumented: Vec<(String, usize)>,
    /// Macros that it calls by a name alone, and where.
    pub(super) calls: Vec<(String, usize)>,
    /// Where there is `async` or `.await`.
    pub(super) waits: Vec<usize>,
    /// Whether its head says "Pure."
    pub(super) pure: bool,
}

/// An absolute path: `crate`, or the name of an outside crate, and what follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) line: usize,
    pub(super) path: Vec<String>,
    /// Only handed on to others, not used here.
    pub(super) handed_on: bool,
}

/// Every module that a root reaches.
pub(super) fn modules(files: &Files, root: &str) -> Vec<Module> {
    let mut found = Vec::new();
    let mut waiting = vec![(root.to_owned(), Vec::new(), false)];
    while let Some((file, path, tests)) = waiting.pop() {
        let text = files.get(&file).unwrap_or_else(|| panic!("{file} is named and not there"));
        let parsed = syn::parse_file(text).unwrap_or_else(|e| panic!("{file}: {e}"));
        let mut reading = Reading { scope: path.clone(), scopes: HashMap::new(), ..Reading::default() };
        reading.visit_file(&parsed);
        let (folder, stem) = file.trim_end_matches(".rs").rsplit_once('/').unwrap();
        let folder = match stem {
            "mod" | "lib" | "main" => folder.to_owned(),
            _ => format!("{folder}/{stem}"),
        };
        for child in &reading.children {
            let below = child.path[path.len()..].join("/");
            let file = match &child.at {
                Some(at) => format!("{}/{at}", file.rsplit_once('/').unwrap().0),
                None if files.contains_key(&format!("{folder}/{below}.rs")) => {
                    format!("{folder}/{below}.rs")
                }
                None => format!("{folder}/{below}/mod.rs"),
            };
            waiting.push((file, child.path.clone(), tests || child.tests));
        }
        found.push(Module {
            pure: text.lines().take_while(|l| l.starts_with("//!")).any(|l| l.contains("Pure.")),
            file,
            path,
            tests,
            names: reading.names(),
            handed_on: reading.handed_on(),
            types: reading.types,
            undocumented: reading.undocumented,
            calls: reading.calls,
            waits: reading.waits,
        });
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    found
}

/// A module declared without its body.
struct Child {
    path: Vec<String>,
    at: Option<String>,
    tests: bool,
}

/// A path as written, in the module where it stands.
struct Written {
    scope: Vec<String>,
    segments: Vec<String>,
    line: usize,
    /// The name that an import gives it, if it is one; whether others may use that.
    import: Option<(String, bool)>,
}

#[derive(Default)]
struct Reading {
    scope: Vec<String>,
    /// Modules declared in each module.
    scopes: HashMap<Vec<String>, BTreeSet<String>>,
    imports: Vec<Written>,
    written: Vec<Written>,
    children: Vec<Child>,
    types: Vec<(String, usize)>,
    undocumented: Vec<(String, usize)>,
    calls: Vec<(String, usize)>,
    waits: Vec<usize>,
}

impl Reading {
    fn note_undocumented(
        &mut self,
        visibility: &syn::Visibility,
        attributes: &[Attribute],
        name: &syn::Ident,
    ) {
        let told = attributes.iter().any(|attribute| attribute.path().is_ident("doc"));
        if matches!(visibility, syn::Visibility::Public(_)) && !told {
            self.undocumented.push((name.to_string(), name.span().start().line));
        }
    }

    /// Types that a macro is given as they will stand (`pub enum State { … }`).
    fn given_types(&mut self, tokens: TokenStream) {
        let mut before = [String::new(), String::new()];
        for token in tokens {
            if let TokenTree::Ident(name) = &token
                && before[0] == "pub"
                && ["enum", "struct", "trait"].contains(&before[1].as_str())
            {
                self.types.push((name.to_string(), name.span().start().line));
            }
            if let TokenTree::Group(group) = &token {
                self.given_types(group.stream());
            }
            let [_, last] = before;
            before = [last, token.to_string()];
        }
    }

    fn write(&mut self, segments: Vec<String>, line: usize, import: Option<(String, bool)>) {
        let list = if import.is_some() { &mut self.imports } else { &mut self.written };
        list.push(Written { scope: self.scope.clone(), segments, line, import });
    }

    fn import(&mut self, tree: &UseTree, before: &[String], is_public: bool) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        let line = tree.span().start().line;
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &with(&path.ident), is_public),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, before, is_public)),
            UseTree::Name(name) if name.ident == "self" => {
                let called = before.last().cloned().unwrap_or_default();
                self.write(before.to_vec(), line, Some((called, is_public)));
            }
            UseTree::Name(name) => {
                self.write(with(&name.ident), line, Some((name.ident.to_string(), is_public)));
            }
            UseTree::Rename(name) => {
                self.write(with(&name.ident), line, Some((name.rename.to_string(), is_public)));
            }
            UseTree::Glob(_) => self.write(before.to_vec(), line, Some(("*".to_owned(), is_public))),
        }
    }

    /// Paths in what a macro is given, which is only words to the parser.
    fn words(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let (mut line, mut colons) = (0, 0);
        for token in tokens {
            match token {
                TokenTree::Ident(word) => {
                    if path.is_empty() || colons != 2 {
                        self.end(&mut path, line);
                        line = word.span().start().line;
                    }
                    if word == "async" || word == "await" {
                        self.waits.push(line);
                    }
                    path.push(word.to_string());
                    colons = 0;
                }
                TokenTree::Punct(sign) if sign.as_char() == ':' => {
                    // `::name`, of an outside crate.
                    colons += 1;
                }
                other => {
                    self.end(&mut path, line);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.words(group.stream());
                    }
                }
            }
        }
        self.end(&mut path, line);
    }

    fn end(&mut self, path: &mut Vec<String>, line: usize) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.write(path, line, None);
        }
    }

    /// The absolute path, if it leaves the module at all.
    fn resolve(&self, written: &Written, depth: usize) -> Option<Vec<String>> {
        let (first, rest) = written.segments.split_first()?;
        let ours = |scope: &[String], rest: &[String]| Some([&["crate".to_owned()], scope, rest].concat());
        match first.as_str() {
            "" => return Some(rest.to_vec()),
            "crate" | "vigia_suas" => return ours(&[], rest),
            "self" => return ours(&written.scope, rest),
            "super" => {
                let up = written.segments.iter().take_while(|s| *s == "super").count();
                let kept = written.scope.len().checked_sub(up)?;
                return ours(&written.scope[..kept], &written.segments[up..]);
            }
            _ => {}
        }
        if self.scopes.get(&written.scope).is_some_and(|declared| declared.contains(first)) {
            return ours(&written.scope, &written.segments);
        }
        let import = self.imports.iter().find(|other| {
            let called = other.import.as_ref().is_some_and(|(called, _)| called == first);
            called && other.scope == written.scope && !std::ptr::eq(*other, written)
        });
        match import {
            Some(import) if depth < 8 => Some([self.resolve(import, depth + 1)?, rest.to_vec()].concat()),
            // An outside crate, or a name of this file, which no rule knows.
            _ => Some(written.segments.clone()),
        }
    }

    fn names(&self) -> Vec<Name> {
        let name = |written: &Written| {
            let path = self.resolve(written, 0)?;
            // A word alone is a variable, or whatever else is of this file.
            (written.import.is_some() || path.len() > 1).then_some(())?;
            let handed_on = written.import.as_ref().is_some_and(|(_, is_public)| *is_public);
            Some(Name { line: written.line, path, handed_on })
        };
        let found: BTreeSet<Name> = self.imports.iter().chain(&self.written).filter_map(name).collect();
        found.into_iter().collect()
    }

    fn handed_on(&self) -> HashMap<String, Vec<String>> {
        let public = |written: &Written| match &written.import {
            Some((called, true)) => Some((called.clone(), self.resolve(written, 0)?)),
            _ => None,
        };
        self.imports.iter().filter_map(public).collect()
    }
}

impl<'ast> Visit<'ast> for Reading {
    fn visit_item(&mut self, item: &'ast Item) {
        if let Item::Mod(module) = item {
            let name = module.ident.to_string();
            self.scopes.entry(self.scope.clone()).or_default().insert(name.clone());
            self.scope.push(name);
            match &module.content {
                None => self.children.push(Child {
                    path: self.scope.clone(),
                    at: module.attrs.iter().find_map(place),
                    tests: is_for_tests(&module.attrs),
                }),
                Some(_) if is_for_tests(&module.attrs) => {}
                Some((_, items)) => items.iter().for_each(|item| self.visit_item(item)),
            }
            self.scope.pop();
        } else if !is_for_tests(attributes(item)) {
            self.types.extend(public_type(item));
            if let Some((visibility, name)) = named(item) {
                self.note_undocumented(visibility, attributes(item), name);
            }
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        if let syn::ImplItem::Fn(function) = item {
            if is_for_tests(&function.attrs) {
                return;
            }
            self.note_undocumented(&function.vis, &function.attrs, &function.sig.ident);
        }
        visit::visit_impl_item(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let is_public = !matches!(item.vis, syn::Visibility::Inherited);
        let before = item.leading_colon.map(|_| String::new());
        self.import(&item.tree, before.as_slice(), is_public);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        self.write(vec![String::new(), item.ident.to_string()], item.span().start().line, None);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let own = path.segments.iter().map(|s| s.ident.to_string());
        let segments: Vec<String> =
            path.leading_colon.map(|_| String::new()).into_iter().chain(own).collect();
        self.write(segments, path.span().start().line, None);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.calls.extend(call.path.get_ident().map(|name| (name.to_string(), name.span().start().line)));
        self.words(call.tokens.clone());
        self.given_types(call.tokens.clone());
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.visit_path(&list.path);
        self.words(list.tokens.clone());
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.waits.extend(signature.asyncness.map(|word| word.span().start().line));
        visit::visit_signature(self, signature);
    }

    fn visit_expr(&mut self, expr: &'ast syn::Expr) {
        let waits = match expr {
            syn::Expr::Async(_) | syn::Expr::Await(_) => true,
            syn::Expr::Closure(closure) => closure.asyncness.is_some(),
            _ => false,
        };
        if waits {
            self.waits.push(expr.span().start().line);
        }
        visit::visit_expr(self, expr);
    }
}

/// Who may use an item, and its name; none for what has no name, and for modules, whose heads tell of them.
fn named(item: &Item) -> Option<(&syn::Visibility, &syn::Ident)> {
    Some(match item {
        Item::Const(i) => (&i.vis, &i.ident),
        Item::Enum(i) => (&i.vis, &i.ident),
        Item::Fn(i) => (&i.vis, &i.sig.ident),
        Item::Static(i) => (&i.vis, &i.ident),
        Item::Struct(i) => (&i.vis, &i.ident),
        Item::Trait(i) => (&i.vis, &i.ident),
        Item::Type(i) => (&i.vis, &i.ident),
        _ => return None,
    })
}

/// The name and line of a type or trait that other rooms may use.
fn public_type(item: &Item) -> Option<(String, usize)> {
    let is_type = matches!(item, Item::Struct(_) | Item::Enum(_) | Item::Trait(_) | Item::Type(_));
    let (visibility, name) = named(item).filter(|_| is_type)?;
    let is_wide = match visibility {
        syn::Visibility::Public(_) => true,
        syn::Visibility::Restricted(to) => to.path.is_ident("crate"),
        syn::Visibility::Inherited => false,
    };
    is_wide.then(|| (name.to_string(), name.span().start().line))
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(i) => &i.attrs,
        Item::Enum(i) => &i.attrs,
        Item::ExternCrate(i) => &i.attrs,
        Item::Fn(i) => &i.attrs,
        Item::Impl(i) => &i.attrs,
        Item::Macro(i) => &i.attrs,
        Item::Static(i) => &i.attrs,
        Item::Struct(i) => &i.attrs,
        Item::Trait(i) => &i.attrs,
        Item::Type(i) => &i.attrs,
        Item::Use(i) => &i.attrs,
        _ => &[],
    }
}

/// Whether the compiler takes something only for tests.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    fn implies(meta: &Meta) -> bool {
        let parts = |list: &syn::MetaList| {
            list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap_or_default()
        };
        match meta {
            Meta::Path(path) => path.is_ident("test"),
            Meta::List(list) if list.path.is_ident("all") => parts(list).iter().any(implies),
            Meta::List(list) if list.path.is_ident("any") => {
                let parts = parts(list);
                !parts.is_empty() && parts.iter().all(implies)
            }
            _ => false,
        }
    }
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<Meta>().is_ok_and(|meta| implies(&meta))
    })
}

/// Where `#[path]` says that a module is.
fn place(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(at), .. }) = &pair.value else { return None };
    pair.path.is_ident("path").then(|| at.value())
}
