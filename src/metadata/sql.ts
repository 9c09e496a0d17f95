/**
 * Literals, quoted identifiers and comments stand as they are; all else is words and signs. What is not closed, which is no query, goes
 * on to the end: were it tried again from each sign on, a text of quotes would cost its square.
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/lexical
 */
const TOKENS =
  /[rRbB]{0,2}(?:"""(?:\\[\s\S]?|(?!""")[^\\])*(?:"""|$)|'''(?:\\[\s\S]?|(?!''')[^\\])*(?:'''|$)|"(?:\\[\s\S]?|[^"\\\n])*"?|'(?:\\[\s\S]?|[^'\\\n])*'?)|`(?:\\[\s\S]?|[^`\\])*`?|--[^\n]*|#[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\w+|<=|>=|!=|<>|=>|\|\||[^\s\w]/g;

/** The same text for queries that differ in white space alone, outside of literals and comments. */
export function canonicalSql(query: string): string {
  let text = '';
  let previous = '(';
  for (const token of query.match(TOKENS) ?? []) {
    text += separator(previous, token) + token.trimEnd();
    previous = token;
  }
  return text;
}

/** Decided by the two tokens alone, so that no white space of the query is left in it. */
function separator(previous: string, token: string): string {
  // A comment ends with its line, so that what follows it stays outside.
  if (/^(--|#)/.test(previous)) return '\n';
  if (/^[,).;]$/.test(token) || /^[(.]$/.test(previous)) return '';
  return token === '(' && /^\w+$/.test(previous) ? '' : ' ';
}

/** String literals and comments; a name in backticks is a name. */
const PROTECTED = /^(?:[rRbB]{0,2}["']|--|#|\/\*)/;

/**
 * The query with names of projects and datasets changed where they qualify another name (`commerce.orders`,
 * `` `my-project.commerce.orders` ``); literals and comments stay.
 */
export function renamedInSql(query: string, names: ReadonlyMap<string, string>): string {
  if (names.size === 0) return query;
  const alternatives = [...names.keys()].map((name) => name.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  const qualifier = new RegExp(`(?<![\\w-])(?:${alternatives.join('|')})(?=\`?\\s*\\.)`, 'g');
  const renamed = (code: string) => code.replace(qualifier, (name) => names.get(name) ?? name);
  let text = '';
  let code = '';
  let end = 0;
  for (const { 0: token, index } of query.matchAll(TOKENS)) {
    code += query.slice(end, index);
    end = index + token.length;
    if (!PROTECTED.test(token)) {
      code += token;
      continue;
    }
    text += renamed(code) + token;
    code = '';
  }
  return text + renamed(code + query.slice(end));
}
