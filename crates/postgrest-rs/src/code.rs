//! The codes of PostgREST and of PostgreSQL.

use supabase_core::open_enum;

open_enum! {
    /// What went wrong, by PostgREST's own codes (`PGRST…`) and PostgreSQL's (`SQLSTATE`).
    ///
    /// The enum is open: a code without a name of its own is [`Other`](Self::Other), as is any that a database
    /// function raises.
    ///
    /// Source: <https://docs.postgrest.org/en/stable/references/errors.html> and
    /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use postgrest_rs::Code;
    /// match db.from("planets").insert(serde_json::json!({ "id": 1 })).await {
    ///     Err(error) if error.code() == Some(&Code::UniqueViolation) => println!("it is there already"),
    ///     outcome => outcome?,
    /// }
    /// # Ok(()) }
    /// ```
    pub enum Code {
        /// PostgREST cannot connect to the database.
        DatabaseUnreachable = "PGRST000",
        /// PostgREST cannot connect to the database because of an internal error.
        DatabaseConnectionFailed = "PGRST001",
        /// PostgREST has not built its schema cache yet.
        SchemaCacheUnavailable = "PGRST002",
        /// No connection to the database became free in time.
        PoolTimeout = "PGRST003",
        /// The query string cannot be read.
        QueryUnreadable = "PGRST100",
        /// A function was called with a method other than GET and POST.
        MethodNotAllowedOnFunction = "PGRST101",
        /// The body cannot be read.
        BodyUnreadable = "PGRST102",
        /// The range lies beyond the last row.
        RangeNotSatisfiable = "PGRST103",
        /// A single-row PUT is not formed as it must be.
        PutInvalid = "PGRST105",
        /// The schema is not exposed.
        SchemaNotExposed = "PGRST106",
        /// The media type asked for cannot be given.
        NotAcceptable = "PGRST107",
        /// A filter names a referenced table that is not selected.
        ReferencedTableNotSelected = "PGRST108",
        /// The row of a PUT and its filters name different keys.
        PutKeyMismatch = "PGRST115",
        /// Not exactly one row.
        NotExactlyOneRow = "PGRST116",
        /// The method is not supported.
        MethodNotAllowed = "PGRST117",
        /// Rows cannot be ordered by a table that has many of them.
        OrderByToMany = "PGRST118",
        /// A function raised an error with a body that cannot be read.
        RaiseUnreadable = "PGRST121",
        /// A preference is unknown, and the handling is strict.
        PreferenceInvalid = "PGRST122",
        /// Aggregate functions are switched off.
        AggregatesDisabled = "PGRST123",
        /// More rows would change than allowed.
        MaxAffectedExceeded = "PGRST124",
        /// The path leads to nothing.
        PathInvalid = "PGRST125",
        /// The OpenAPI root is switched off.
        OpenApiDisabled = "PGRST126",
        /// The feature is not implemented.
        NotImplemented = "PGRST127",
        /// The function must return a set for a limit on affected rows.
        MaxAffectedOnScalar = "PGRST128",
        /// No relationship between the tables.
        NoRelationship = "PGRST200",
        /// More than one relationship between the tables.
        AmbiguousRelationship = "PGRST201",
        /// No such function, or not with these arguments.
        FunctionNotFound = "PGRST202",
        /// More than one function fits the arguments.
        AmbiguousFunction = "PGRST203",
        /// A column of the body does not exist.
        ColumnNotFound = "PGRST204",
        /// No such table.
        TableNotFound = "PGRST205",
        /// The server's JWT secret is missing.
        JwtSecretMissing = "PGRST300",
        /// The token cannot be decoded or verified.
        JwtInvalid = "PGRST301",
        /// No token, and anonymous access is switched off.
        AnonymousDisabled = "PGRST302",
        /// A claim of the token does not hold, for example it has expired.
        JwtClaimsInvalid = "PGRST303",
        /// An internal error of PostgREST.
        Internal = "PGRSTX00",
        /// A value breaks a unique constraint.
        UniqueViolation = "23505",
        /// A value refers to a row that does not exist, or a row is still referred to.
        ForeignKeyViolation = "23503",
        /// A value is missing.
        NotNullViolation = "23502",
        /// A value breaks a check constraint.
        CheckViolation = "23514",
        /// A value breaks an exclusion constraint.
        ExclusionViolation = "23P01",
        /// The role may not do this, or a row level security policy forbids it.
        InsufficientPrivilege = "42501",
        /// No such table, in the database's own words.
        UndefinedTable = "42P01",
        /// No such column.
        UndefinedColumn = "42703",
        /// No such function or operator.
        UndefinedFunction = "42883",
        /// `on_conflict` names no unique constraint.
        InvalidColumnReference = "42P10",
        /// The column is always generated.
        GeneratedAlways = "428C9",
        /// The SQL, or a full-text query, cannot be read.
        SyntaxError = "42601",
        /// A text does not fit the type.
        InvalidTextRepresentation = "22P02",
        /// A text holds a character that the database cannot store.
        UntranslatableCharacter = "22P05",
        /// A text is too long.
        StringTooLong = "22001",
        /// A number is out of range.
        NumericOutOfRange = "22003",
        /// A date or time cannot be read.
        InvalidDatetimeFormat = "22007",
        /// A parameter is invalid, for example a role that does not exist.
        InvalidParameterValue = "22023",
        /// One upsert names the same row twice.
        CardinalityViolation = "21000",
        /// The statement took too long.
        QueryCanceled = "57014",
        /// The database shuts down.
        AdminShutdown = "57P01",
        /// The transaction may only read.
        ReadOnlyTransaction = "25006",
        /// The transaction clashed with another one.
        SerializationFailure = "40001",
        /// The transaction waited for one that waited for it.
        DeadlockDetected = "40P01",
        /// A function raised an error.
        RaiseException = "P0001",
    }
}

impl Code {
    /// Whether PostgREST itself gave the code, and not the database.
    ///
    /// ```
    /// use postgrest_rs::Code;
    /// assert!(Code::NotExactlyOneRow.is_postgrest());
    /// assert!(!Code::UniqueViolation.is_postgrest());
    /// ```
    pub fn is_postgrest(&self) -> bool {
        self.as_str().starts_with("PGRST")
    }

    /// The `SQLSTATE`, if the code is one: five digits or capital letters.
    ///
    /// ```
    /// use postgrest_rs::Code;
    /// assert_eq!(Code::UniqueViolation.sql_state(), Some("23505"));
    /// assert_eq!(Code::from("PT402").sql_state(), Some("PT402"));
    /// assert_eq!(Code::NotExactlyOneRow.sql_state(), None);
    /// ```
    pub fn sql_state(&self) -> Option<&str> {
        let code = self.as_str();
        let fits = code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        fits.then_some(code)
    }

    /// Whether a row breaks a constraint of its table: `SQLSTATE` class 23.
    ///
    /// ```
    /// use postgrest_rs::Code;
    /// assert!(Code::UniqueViolation.is_constraint_violation());
    /// assert!(!Code::UndefinedColumn.is_constraint_violation());
    /// ```
    pub fn is_constraint_violation(&self) -> bool {
        self.sql_state().is_some_and(|state| state.starts_with("23"))
    }

    /// Whether a value does not fit its column: `SQLSTATE` class 22.
    ///
    /// ```
    /// use postgrest_rs::Code;
    /// assert!(Code::NumericOutOfRange.is_data_exception());
    /// ```
    pub fn is_data_exception(&self) -> bool {
        self.sql_state().is_some_and(|state| state.starts_with("22"))
    }

    /// Whether the token was refused.
    ///
    /// ```
    /// use postgrest_rs::Code;
    /// assert!(Code::JwtClaimsInvalid.is_jwt());
    /// ```
    pub fn is_jwt(&self) -> bool {
        matches!(self, Self::JwtInvalid | Self::JwtClaimsInvalid)
    }

    /// Whether a table, column, function or relationship does not exist, or is hidden from this role.
    ///
    /// ```
    /// use postgrest_rs::Code;
    /// assert!(Code::TableNotFound.is_not_found());
    /// ```
    pub fn is_not_found(&self) -> bool {
        matches!(
            self,
            Self::TableNotFound
                | Self::ColumnNotFound
                | Self::FunctionNotFound
                | Self::NoRelationship
                | Self::UndefinedTable
                | Self::UndefinedColumn
                | Self::UndefinedFunction
        )
    }
}
