//! Calls from code that is not async: `use functions_rs::blocking::Wait;`, then `invocation.wait()?`.

supabase_core::blocking_calls!(
    "functions_rs",
    "functions: functions_rs::Client",
    "let text = functions.invoke(\"hello-world\").wait()?.text()?;"
);
