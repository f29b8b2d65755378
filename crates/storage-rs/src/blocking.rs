//! Calls from code that is not async: `use storage_rs::blocking::Wait;`, then `call.wait()?`.

supabase_core::blocking_calls!(
    "storage_rs",
    "storage: storage_rs::Client",
    "let image = storage.from(\"avatars\").download(\"ada.png\").wait()?;"
);
