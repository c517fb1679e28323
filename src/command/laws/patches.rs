//! Keymaps with a file of one's own over them, right and wrong.

use proptest::prelude::*;

use crate::command::{CommandId, Keymap, Scope};
use crate::config::keymap::{BUNDLED, Chord, Scope as _};

fn patched(text: &str) -> (Keymap, Vec<String>) {
    let mut keymap = Keymap::bundled();
    let errors = keymap.patch("keys.toml", text);
    (keymap, errors.iter().map(ToString::to_string).collect())
}

#[test]
fn a_user_file_patches_and_takes_away() {
    let (keymap, errors) = patched("[keys.list]\n\"x\" = \"filter.open\"\n\"/\" = false\n\"v\" = \"\"\n");
    assert_eq!(errors, [""; 0]);
    assert_eq!(keymap.keys_of(Scope::List, CommandId::FilterOpen), ["x"]);
    assert!(keymap.keys_of(Scope::List, CommandId::ViewSwitch).is_empty());
    let binding = keymap.bindings().find(|b| b.command == CommandId::FilterOpen).unwrap();
    assert_eq!(binding.origin, "keys.toml:2");
}

#[test]
fn a_file_frees_a_key_and_uses_it_in_any_order() {
    let (keymap, errors) = patched("[keys.global]\n\"ctrl-l\" = \"cursor.top\"\n\"?\" = \"\"\n\"ctrl-l j\" = \"\"\n");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(keymap.keys_of(Scope::Global, CommandId::ViewHelp).is_empty());
    let (mut keymap, _) = patched("[keys.global]\n\"f7 y\" = \"cursor.top\"\n");
    assert_eq!(keymap.patch("mine.toml", "[keys.global]\n\"f7\" = \"cursor.top\"\n\"f7 y\" = \"\"\n"), []);
    assert_eq!(keymap.keys_of(Scope::Global, CommandId::CursorTop), ["g g", "home", "f7"]);
}

#[test]
fn the_keys_of_a_settings_file_are_read_without_a_word_about_the_rest() {
    let mut keymap = Keymap::bundled();
    let errors =
        keymap.patch_from_settings("config.toml", "theme = 3\n[keys.list]\n\"x\" = \"filter.opne\"\n[[environment]]\n");
    let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["config.toml:3: there is no command `filter.opne`\n  try: filter.open"]);
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_the_rest_applies() {
    let (keymap, errors) = patched(
        r#"[keys.list]
"x" = "filter.opne"
"entr" = "filter.open"
"g" = "filter.open"
"X" = "filter.open"
"Y" = 3
"X" = "view.switch"
"ctrl-x" = "filter.open"
"ctrl-X" = "view.switch"
"b" = "source.toggle"
"f9" = ""
[keys.bord]
[keys.global]
"g" = "view.help"
"#,
    );
    let expected = [
        "keys.toml:2: there is no command `filter.opne`\n  try: filter.open",
        "keys.toml:3: there is no key `entr`\n  try: enter",
        "keys.toml:4: `g` (filter.open) and `g g` (cursor.top from default) begin alike, and 4 more: one of them could \
         never be given\n  try: \"g g\" = \"\" under [keys.global], \"g b\" = \"\" under [keys.global], \"g f\" = \"\" \
         under [keys.global], \"g o\" = \"\" under [keys.global], \"g l\" = \"\" under [keys.global] take the others away",
        "keys.toml:6: `Y` takes a text in quotes; this is of type integer\n  try: Y = \"...\"",
        "keys.toml:7: not TOML: duplicate key\n  try: keep one of the two",
        "keys.toml:9: `ctrl-x` is bound twice in [keys.list]: to filter.open in line 8 and to view.switch here\n  try: \
         keep one of the two; the first applies",
        "keys.toml:10: `source.toggle` belongs to [keys.links] and does nothing in [keys.list]\n  try: move the line to \
         [keys.links]",
        "keys.toml:11: `f9` is not bound in [keys.list]\n  try: take the line away",
        "keys.toml:12: there is no scope `bord`\n  try: board",
        "keys.toml:14: `g` (view.help) and `g g` (cursor.top from default) begin alike, and 4 more: one of them could \
         never be given\n  try: \"g g\" = \"\" under [keys.global], \"g b\" = \"\" under [keys.global], \"g f\" = \"\" \
         under [keys.global], \"g o\" = \"\" under [keys.global], \"g l\" = \"\" under [keys.global] take the others away",
    ];
    assert_eq!(errors, expected);
    assert!(keymap.keys_of(Scope::List, CommandId::FilterOpen).contains(&"X".to_owned()));
}

#[test]
fn a_heading_that_is_missing_is_one_mistake() {
    let (_, text) = BUNDLED[0];
    let without = |heading: &str| patched(&text.replace(&format!("{heading}\n"), ""));
    let line = |heading: &str| 1 + text.lines().position(|line| line == heading).unwrap();
    let (_, errors) = without("[keys.resource]");
    let at = line("[keys.resource]");
    let expected = format!(
        "keys.toml:{at}: `/` and 3 more below it stand under [keys.detail] and mean nothing there\n  try: put \
         [keys.resource] above line {at}"
    );
    assert_eq!(errors, [expected]);
    let (keymap, errors) = without("[keys.global]");
    let at = line("[keys.global]");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(
        errors[0].contains("before the first heading") && errors[0].contains("put [keys.global] above"),
        "{errors:?}"
    );
    assert!(errors[0].starts_with(&format!("keys.toml:{at}: `j` and ")), "{errors:?}");
    let keys = [(Scope::Global, CommandId::CursorDown, "j"), (Scope::List, CommandId::FilterOpen, "/")];
    assert!(keys.iter().all(|(scope, id, key)| keymap.keys_of(*scope, *id)[0] == *key), "the rest applies");
    // what was bound before stays bound
    let mine =
        "[keys.global]\n\"ctrl-y\" = \"cursor.up\"\n[keys.list]\n\"x\" = \"filter.open\"\n\"X\" = \"view.switch\"\n";
    let (before, errors) = patched(mine);
    assert_eq!(errors, [""; 0]);
    let mut later = Keymap::bundled();
    let errors = later.patch("keys.toml", &mine.replace("[keys.list]\n", ""));
    assert_eq!(errors.len(), 1);
    later.keep(&before, &errors);
    for key in ["x", "X"] {
        let pressed = [Chord::parse(key).unwrap()];
        assert_eq!(later.lookup(Scope::Fleet.chain(), &pressed), before.lookup(Scope::Fleet.chain(), &pressed));
    }
}

#[test]
fn what_a_wrong_line_was_to_free_is_not_complained_of() {
    for freed in ["3", "\"curosr.top\"", "\"", "\"\" ="] {
        let (_, errors) = patched(&format!(
            "[keys.global]\n\"g b\" = \"\"\n\"g f\" = \"\"\n\"g o\" = \"\"\n\"g l\" = \"\"\n\
             \"g g\" = {freed}\n\"g\" = \"cursor.top\"\n"
        ));
        assert_eq!(errors.len(), 1, "{freed}: {errors:?}");
        assert!(errors[0].starts_with("keys.toml:6: "), "{errors:?}");
    }
}

#[test]
fn an_unknown_keymap_leaves_the_default() {
    let (keymap, errors) = Keymap::load("defualt", None);
    assert_eq!(keymap, Keymap::bundled());
    assert_eq!(errors[0].to_string(), "defualt: there is no keymap of this name\n  try: default");
}

proptest! {
    /// Whatever is done to a bundled keymap, reading it ends in a keymap and in errors that name a line of it, and what
    /// stands in other lines applies.
    #[test]
    fn a_broken_keymap_is_never_a_crash(
        which in 0..BUNDLED.len(), at: prop::sample::Index, noise in "[\\[\\]={}\"#a-z0-9 .\n-]{1,8}",
    ) {
        let text = BUNDLED[which].1;
        let cut = text.floor_char_boundary(at.index(text.len()));
        let rest = text.ceil_char_boundary((cut + noise.len()).min(text.len()));
        let broken = format!("{}{noise}{}", &text[..cut], &text[rest..]);
        let mut keymap = Keymap::bundled();
        for error in keymap.patch("broken.toml", &broken) {
            prop_assert!((1..=broken.matches('\n').count() + 1).contains(&error.line), "{error}");
        }
    }
}
