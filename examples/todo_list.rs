//! A todo list for each user: the table's policies decide who sees and changes what, and the program checks nothing.
//!
//! ```sh
//! cargo xtask demo todo_list
//! ```
//!
//! The policies stand in `xtask/stack/supabase/migrations/20260101000600_todos.sql`.

use std::env;

use serde::Deserialize;
use serde_json::json;
use supabase::Client;
use supabase::auth::SignUp;
use supabase::postgrest::Code;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Debug, Deserialize)]
struct Todo {
    id: i64,
    owner: String,
    task: String,
    done: bool,
}

/// The list of whoever is signed in.
struct TodoList {
    supabase: Client,
}

impl TodoList {
    /// Signs a new user up, whose list is empty.
    async fn of_a_new_user(name: &str) -> Result<Self> {
        let supabase = Client::new(env::var("SUPABASE_URL")?, env::var("SUPABASE_ANON_KEY")?)?;
        let unique = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
        let user = SignUp::email(format!("{name}-{unique}@example.com"), format!("pw-{unique}-A"));
        supabase
            .auth()
            .sign_up(user)
            .await?
            .session
            .ok_or("the project wants the address confirmed first")?;
        Ok(Self { supabase })
    }

    /// The owner is whoever asks: the column's default says so.
    async fn add(&self, task: &str) -> supabase::Result<Todo> {
        let todo = self.supabase.from("todos").insert(json!({ "task": task })).select("*").single().await?;
        Ok(todo)
    }

    /// Ticks a todo off, and answers whether it was there to be ticked off.
    async fn finish(&self, id: i64) -> supabase::Result<bool> {
        let done = json!({ "done": true });
        let changed: Vec<Todo> = self.supabase.from("todos").update(done).eq("id", id).select("*").await?;
        Ok(!changed.is_empty())
    }

    /// All that this user may see. No filter names the owner: the policies do.
    async fn all(&self) -> supabase::Result<Vec<Todo>> {
        Ok(self.supabase.from("todos").select("*").order("id").await?)
    }

    async fn clear(&self) -> supabase::Result<()> {
        Ok(self.supabase.from("todos").delete().all_rows().await?)
    }

    async fn show(&self, of: &str) -> supabase::Result<()> {
        println!("{of}:");
        for Todo { task, done, .. } in self.all().await? {
            println!("  [{}] {task}", if done { 'x' } else { ' ' });
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result {
    let ada = TodoList::of_a_new_user("ada").await?;
    let ben = TodoList::of_a_new_user("ben").await?;

    let first = ada.add("Write the first program").await?;
    ada.add("Find the first bug").await?;
    ben.add("Build the engine").await?;
    println!("Ada finishes her first: {}", ada.finish(first.id).await?);

    // To Ben her todos do not exist, so that there is nothing to be changed; and he can add none of hers.
    println!("Ben finishes hers: {}", ben.finish(first.id).await?);
    let hers = json!({ "owner": first.owner, "task": "Thank Ben" });
    match ben.supabase.from("todos").insert(hers).await {
        Err(error) if error.code() == Some(&Code::InsufficientPrivilege) => {
            println!("Ben adds one of hers: {error}")
        }
        outcome => return Err(format!("row level security did not hold: {outcome:?}").into()),
    }

    ada.show("Ada's list").await?;
    ben.show("Ben's list").await?;
    if (ada.all().await?.len(), ben.all().await?.len()) != (2, 1) {
        return Err("row level security did not hold".into());
    }

    // Every row that each of them sees, and no other.
    ben.clear().await?;
    println!("Ben clears his list, and hers has {} todos", ada.all().await?.len());
    Ok(ada.clear().await?)
}
