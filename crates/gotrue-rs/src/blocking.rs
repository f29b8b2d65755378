//! Calls from code that is not async: `use gotrue_rs::blocking::Wait;`, then `auth.settings().wait()?`.

supabase_core::blocking_calls!(
    "gotrue_rs",
    "auth: gotrue_rs::Client",
    "let settings = auth.settings().wait()?;"
);
