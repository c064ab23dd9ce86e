//! Names that a template uses and no letter knows, also where the example facts do not lead. Pure.

use std::collections::BTreeSet;

use minijinja::Environment;
use minijinja::value::Value;

use super::TemplateFault;

/// Names that the engine itself gives meaning to.
const ENGINE: [&str; 4] = ["super", "self", "caller", "loop"];

/// A fault for each unknown name, at the first line that writes it. A name is known when some example has it, when
/// the engine has it, or when any template sets it.
pub(super) fn unknown(environment: &Environment<'static>, examples: &[Value]) -> Vec<TemplateFault> {
    let engine: BTreeSet<String> =
        environment.globals().map(|(name, _)| name.to_owned()).chain(ENGINE.map(str::to_owned)).collect();
    let set: BTreeSet<String> = environment.templates().flat_map(|(_, t)| names_set(t.source())).collect();
    let mut faults = Vec::new();
    for (file, template) in environment.templates() {
        for path in template.undeclared_variables(true) {
            let root = path.split('.').next().unwrap_or_default();
            if engine.contains(root) || set.contains(root) || examples.iter().any(|facts| has(facts, &path)) {
                continue;
            }
            let line = template.source().lines().position(|line| line.contains(&path)).map(|at| at + 1);
            faults.push(TemplateFault::unknown_name(file, line, &path));
        }
    }
    faults
}

/// The names that a template gives a meaning itself.
fn names_set(source: &str) -> BTreeSet<String> {
    let named = ["set ", "macro ", "as "].into_iter().flat_map(|way| source.split(way).skip(1));
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    named.filter_map(|rest| rest.split(|c| !is_of_name(c)).next()).map(str::to_owned).collect()
}

fn has(facts: &Value, path: &str) -> bool {
    let mut value = facts.clone();
    for name in path.split('.') {
        match value.get_attr(name) {
            Ok(inner) if !inner.is_undefined() => value = inner,
            _ => return false,
        }
    }
    true
}
