"""Imports of customers, purchases and events from tables (CSV, XLSX)."""
