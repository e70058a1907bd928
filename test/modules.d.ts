declare module "*.sql" {
  const text: string;
  export default text;
}
declare module "*.md" {
  const text: string;
  export default text;
}
declare module "*/migrations.js" {
  const migrations: import("../durable-objects/database.ts").Migrations;
  export default migrations;
}
declare module "*.py" {
  const text: string;
  export default text;
}
