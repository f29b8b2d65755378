//! `functions.invoke`: calling Edge Functions.

use serde_json::json;
use supabase::functions::ErrorKind;
use supabase::{Client, Result};

use crate::rows::Greeting;

/// A call with a JSON body, and a JSON answer.
pub async fn functions_invoke_1(supabase: &Client) -> Result<Greeting> {
    let answer = supabase.functions().invoke("hello-world").json(json!({ "name": "Functions" })).await?;
    Ok(answer.json()?)
}

/// What failed: the function itself, the platform in front of it, or the way there.
pub async fn functions_invoke_2(supabase: &Client) -> String {
    let call = supabase
        .functions()
        .invoke("hello-world")
        .json(json!({ "foo": "bar" }))
        .header("my-custom-header", "my-custom-header-value");
    match call.await {
        Ok(answer) => format!("Function returned {} bytes", answer.bytes().len()),
        Err(error) => match error.kind() {
            ErrorKind::Rejected => format!("Function returned an error {}", error.message()),
            ErrorKind::Relay => format!("Relay error: {}", error.message()),
            _ => format!("The function was not reached: {error}"),
        },
    }
}

/// Headers of the caller's own.
pub async fn functions_invoke_3(supabase: &Client) -> Result<Greeting> {
    let answer = supabase
        .functions()
        .invoke("hello-world")
        .header("my-custom-header", "my-custom-header-value")
        .json(json!({ "foo": "bar" }))
        .await?;
    Ok(answer.json()?)
}
