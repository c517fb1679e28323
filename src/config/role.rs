//! What a piece of the screen means. Views name a role; only themes name colours.

macro_rules! roles {
    ($($role:ident $word:literal $parent:ident $meaning:literal;)*) => {
        /// What a piece of the screen means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Role {
            $(#[doc = $meaning] $role,)*
        }

        impl Role {
            /// Every role.
            pub const ALL: &'static [Self] = &[$(Self::$role,)*];

            /// Its word in themes.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$role => $word,)* }
            }

            /// The role whose looks it has where a theme does not name it.
            #[must_use]
            pub fn parent(self) -> Self {
                match self { $(Self::$role => Self::$parent,)* }
            }
        }
    };
}

roles! {
    Text        "text"        Text      "What is to be read, and the paper it stands on";
    Title       "title"       Text      "The name of what is looked at";
    Heading     "heading"     Dim       "Headings of columns";
    Dim         "dim"         Text      "What matters less";
    Faint       "faint"       Dim       "What is there only to be there";
    Border      "border"      Faint     "Rules between parts";
    Header      "header"      Text      "The first line";
    Accent      "accent"      Text      "What the person asked for: a filter, a message";
    Key         "key"         Accent    "A key to press";
    Cursor      "cursor"      Accent    "The sign beside the selected line";
    Selection   "selection"   Text      "The selected line";
    Found       "found"       Selection "What was searched for";
    Ok          "ok"          Text      "All is well";
    Busy        "busy"        Text      "On its way";
    Warn        "warn"        Text      "Somebody should look";
    Bad         "bad"         Warn      "Something is broken";
    Doubtful    "doubtful"    Dim       "May have been overtaken";
    Environment "environment" Text      "An environment";
    Production  "production"  Bad       "An environment where mistakes cost most";
    Log1        "log-1"       Text      "The name of a container beside its log lines";
    Log2        "log-2"       Text      "The name of another container";
    Log3        "log-3"       Text      "The name of another container";
    Log4        "log-4"       Text      "The name of another container";
    Log5        "log-5"       Text      "The name of another container";
    Log6        "log-6"       Text      "The name of another container";
}
