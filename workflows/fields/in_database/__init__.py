"""What questions and answers name in the database: people, company roles, and what is looked up."""
