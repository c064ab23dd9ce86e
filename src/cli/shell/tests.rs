//! What Tab offers, held against the parser.

use std::any::TypeId;
use std::collections::BTreeSet;

use super::*;
use crate::domain::id::{FeedId, PartId, SystemId, WindowId};

const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

/// Every command with the names above its own, the program itself first.
fn every(command: &Command) -> Vec<(Vec<String>, Command)> {
    fn gather(command: &Command, path: &[String], all: &mut Vec<(Vec<String>, Command)>) {
        all.push((path.to_vec(), command.clone()));
        for sub in command.get_subcommands() {
            gather(sub, &[path, &[sub.get_name().to_owned()]].concat(), all);
        }
    }
    let mut all = Vec::new();
    gather(command, &[], &mut all);
    all
}

/// The options and commands that may follow a command, as help shows them.
fn shown(command: &Command) -> BTreeSet<String> {
    let options = command.get_arguments().filter(|arg| !arg.is_hide_set()).filter_map(clap::Arg::get_long);
    let options = options.map(|long| format!("--{long}"));
    options.chain(command.get_subcommands().map(|sub| sub.get_name().to_owned())).collect()
}

#[test]
fn bash_offers_the_options_and_commands_of_each_command_and_no_others() {
    let command = args::command();
    let script = script(Shell::Bash, &offered(&command));
    for (path, command) in every(&command) {
        let path: Vec<String> = path.iter().map(|name| name.replace('-', "__subcmd__")).collect();
        let label = [&["vigia__suas".to_owned()][..], &path].concat().join("__subcmd__");
        let block =
            script.split(&format!("\n        {label})\n")).nth(1).unwrap_or_else(|| panic!("{label}"));
        let opts = block.trim_start().strip_prefix("opts=\"").unwrap().split(['"', '$']).next().unwrap();
        let mut words: BTreeSet<String> = opts.split_whitespace().map(str::to_owned).collect();
        words.retain(|word| word.starts_with("--") || !word.starts_with('-'));
        let values = command.get_positionals().flat_map(clap::Arg::get_possible_values);
        let values: BTreeSet<String> = values.map(|value| value.get_name().to_owned()).collect();
        words.retain(|word| !values.contains(word) && !word.starts_with(['<', '[']));
        assert_eq!(words, shown(&command), "{label}");
    }
}

#[test]
fn zsh_and_fish_offer_no_option_that_no_command_has() {
    let command = args::command();
    let all: BTreeSet<String> = every(&command).iter().flat_map(|(_, command)| shown(command)).collect();
    let fish = script(Shell::Fish, &offered(&command));
    let zsh = script(Shell::Zsh, &offered(&command));
    let named =
        |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '-').next().unwrap().to_owned();
    let offers = |line: &&str| line.starts_with("complete ");
    let in_fish: BTreeSet<String> = fish
        .lines()
        .filter(offers)
        .flat_map(|line| line.split(" -l ").skip(1))
        .map(|rest| format!("--{}", named(rest)))
        .collect();
    let in_zsh: BTreeSet<String> = zsh
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix('\''))
        .map(|line| {
            line.rsplit_once(')')
                .filter(|(before, _)| before.starts_with('(') && !before.contains('['))
                .map_or(line, |(_, after)| after)
        })
        .filter_map(|line| line.strip_prefix("--"))
        .map(|rest| format!("--{}", named(rest)))
        .collect();
    let options: BTreeSet<String> = all.into_iter().filter(|word| word.starts_with("--")).collect();
    assert_eq!(in_fish, options);
    assert!(in_zsh.is_subset(&options), "{:?}", in_zsh.difference(&options));
    // An option is offered only where the command has it.
    for line in fish.lines().filter(offers).filter(|line| line.contains(" -l ")) {
        assert!(line.contains(" -n "), "{line}");
    }
}

#[test]
fn every_word_of_a_choice_is_offered_by_every_shell_and_without_english() {
    let command = args::command();
    for shell in SHELLS {
        let script = script(shell, &offered(&command));
        for (path, command) in every(&command) {
            for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
                for value in arg.get_possible_values() {
                    assert!(script.contains(value.get_name()), "{shell:?} {path:?} {arg}: {value:?}");
                    assert_eq!(value.get_help(), None, "a doc comment would be shown: {path:?} {arg}");
                }
            }
        }
    }
}

#[test]
fn what_the_configuration_knows_is_asked_for_wherever_the_parser_takes_it() {
    let ids =
        [TypeId::of::<WindowId>(), TypeId::of::<FeedId>(), TypeId::of::<SystemId>(), TypeId::of::<PartId>()];
    let command = args::command();
    let mut taken = BTreeSet::new();
    for (path, command) in every(&command) {
        for arg in command.get_arguments() {
            let id = arg.get_id().as_str();
            let typed = ids.iter().any(|id| arg.get_value_parser().type_id() == *id);
            let municipality =
                arg.get_value_names().is_some_and(|names| names[0] == "MUNICIPIO" || names[0] == "COD");
            // A register is no feed of statuses, and no word of the configuration stands for it yet.
            let known = KNOWN.iter().any(|(known, _)| *known == id);
            assert_eq!(known, (typed || municipality) && id != "nome", "{path:?} {arg}");
            taken.extend(known.then(|| id.to_owned()));
        }
    }
    assert_eq!(taken, KNOWN.iter().map(|(id, _)| (*id).to_owned()).collect());
    for (shell, asked) in [
        (
            Shell::Bash,
            "--ajuda $(vigia-suas completar --valores municipio 2>/dev/null) $(vigia-suas completar",
        ),
        (Shell::Zsh, ":_vigia_suas_parte'"),
        (Shell::Fish, "fonte; and __fish_seen_subcommand_from experimentar\" -f -a \"(vigia-suas completar"),
    ] {
        assert!(script(shell, &offered(&command)).contains(asked), "{shell:?}: {asked}");
    }
}
