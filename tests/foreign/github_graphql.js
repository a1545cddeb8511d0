// Holds recorded GraphQL requests to the stand-in for GitHub, and its answers, against GitHub's own schema.
//
//   node github_graphql.js FOLDER    reads every *.jsonl of it; exit 1 if anything does not conform
//
// Of a request are checked: the document (the rules of the specification; no deprecated fields) and the variables. Of an
// answer: it is taken for what the resolvers found, executed with the same document, and must come out as it went in.
// A record with "wrong": true was sent wrong on purpose: then it must be found wrong, and the stand-in must have refused it.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { isDeepStrictEqual } = require('node:util');

const modules = path.join(process.env.KECS_TEST_CACHE, 'npm/node_modules');
const graphql = require(path.join(modules, 'graphql'));
const { getVariableValues } = require(path.join(modules, 'graphql/execution/values'));

const source = fs.readFileSync(path.join(modules, '@octokit/graphql-schema/schema.graphql'), 'utf8');
const schema = graphql.buildSchema(source, { assumeValid: true });
const rules = [...graphql.specifiedRules, graphql.NoDeprecatedCustomRule];

// The schema only names its scalars; their descriptions say what they are.
const scalars = {
  DateTime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/,
  GitObjectID: /^[0-9a-f]{40}$/,
  Base64String: /^[A-Za-z0-9+/\s]*={0,2}\s*$/,
  URI: /^[a-z]+:\/\//,
};
for (const [name, pattern] of Object.entries(scalars)) {
  const check = (value) => {
    if (typeof value !== 'string' || !pattern.test(value)) {
      throw new graphql.GraphQLError(`${name}: not ${JSON.stringify(value)}`);
    }
    return value;
  };
  Object.assign(schema.getType(name), { serialize: check, parseValue: check });
}

// The resolvers find what the answer has.
const fieldResolver = (found, _arguments, _context, info) => found[info.path.key];
// Without a __typename in the answer, any type will do that has the fields that were found.
function typeResolver(found, _context, info, abstract) {
  const asked = Object.entries(found).find(([, value]) => typeof value === 'string' && schema.getType(value));
  const possible = schema.getPossibleTypes(abstract);
  const named = asked && possible.find((type) => type.name === asked[1]);
  const fits = (type) => Object.keys(found).every((key) => key in type.getFields());
  return (named ?? possible.find(fits) ?? possible[0]).name;
}

function check(record) {
  const { query, variables, operationName } = record.body ?? {};
  let document;
  try {
    document = graphql.parse(query);
  } catch (error) {
    return { wrong: [error.message], answered: [] };
  }
  const wrong = graphql.validate(schema, document, rules).map((error) => error.message);
  if (wrong.length > 0) return { wrong, answered: [] };
  const operation = graphql.getOperationAST(document, operationName);
  if (!operation) return { wrong: [`there is no operation ${operationName}`], answered: [] };
  const values = getVariableValues(schema, operation.variableDefinitions ?? [], variables ?? {});
  if (values.errors) return { wrong: values.errors.map((error) => error.message), answered: [] };
  const named = new Set((operation.variableDefinitions ?? []).map((one) => one.variable.name.value));
  for (const name of Object.keys(variables ?? {})) {
    if (!named.has(name)) wrong.push(`the operation has no variable $${name}`);
  }
  return { wrong, answered: answerFaults(record, document, variables, operationName) };
}

function answerFaults(record, document, variableValues, operationName) {
  const { data, errors } = record.response ?? {};
  const faults = (errors ?? [])
    .filter((error) => typeof error.message !== 'string' || error.message === '')
    .map(() => 'an error without a message');
  if (record.status !== 200) return faults;
  if (data === undefined) return [...faults, 'a good request was refused: ' + JSON.stringify(errors)];
  // A null where there can be none is as good as its error says.
  if (data === null) return errors ? faults : [...faults, 'no data and no errors'];
  const again = graphql.executeSync({
    schema, document, variableValues, operationName, rootValue: data, fieldResolver, typeResolver,
  });
  for (const error of again.errors ?? []) faults.push(`answer ${error.path?.join('.')}: ${error.message}`);
  const wanted = JSON.parse(JSON.stringify(again.data ?? null));
  if (!again.errors && !isDeepStrictEqual(wanted, data)) faults.push(difference(data, wanted, 'answer'));
  return faults;
}

// The first place where an answer differs from what the schema makes of it.
function difference(found, wanted, where) {
  const nested = (value) => typeof value === 'object' && value !== null;
  if (wanted === undefined) return `${where}: ${JSON.stringify(found)} should not be there`;
  if (!nested(found) || !nested(wanted)) return `${where}: ${JSON.stringify(found)} should be ${JSON.stringify(wanted)}`;
  const keys = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  const key = [...keys].find((one) => !isDeepStrictEqual(found[one], wanted[one]));
  return difference(found[key], wanted[key], `${where}.${key}`);
}

const folder = process.argv[2];
let count = 0;
const documents = new Set();
const told = new Map();
for (const name of fs.readdirSync(folder).filter((name) => name.endsWith('.jsonl')).sort()) {
  for (const line of fs.readFileSync(path.join(folder, name), 'utf8').split('\n').filter(Boolean)) {
    const record = JSON.parse(line);
    if (record.path !== '/graphql') continue;
    count += 1;
    documents.add(record.body?.query);
    let { wrong, answered } = check(record);
    if (record.wrong) {
      if (record.response?.data !== undefined) answered = ['a wrong request was answered'];
      wrong = wrong.length > 0 ? [] : ['it was sent wrong on purpose, and nothing is wrong with it'];
    }
    for (const fault of [...wrong, ...answered]) {
      const query = String(record.body?.query).replace(/\s+/g, ' ').slice(0, 80);
      told.set(`${query} … by ${record.caller}: ${fault}`, name);
    }
  }
}
for (const [fault, name] of [...told].sort()) console.log(`${fault}  [${name}]`);
if (told.size > 0) process.exit(1);
console.log(`ok GraphQL: ${count} requests (${documents.size} documents) conform to GitHub's schema`);
