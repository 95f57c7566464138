/** The other gateways of the suite, configured as their own documents advise for speed. One worker each. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROXY_CORE } from './load.js'
import {
  type Backends,
  type Running,
  GATEWAY_HEADERS,
  LUA_MODULES,
  certificate,
  freePort,
  hasLua,
  listenSecurely,
  nginx,
  spawnOn,
  started,
} from './subjects.js'

export const APP = {
  key: 'bench-key',
  secret: 'bench-secret-of-the-app',
  code: 'bench0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz',
}

/** Networks of an access control policy: as many as one may have. */
export const NETWORKS = [...Array.from({ length: 99 }, (_, i) => `10.${i}.0.0/16`), '127.0.0.1/32']
export const ORIGIN = 'https://shop.example'

const peers = join(import.meta.dirname, 'peers')
const found = (command: string): boolean => spawnSync('which', [command]).status === 0

/** A peer that this machine lacks is left out of the table, and said so. */
export async function startPeers(backends: Backends): Promise<{ running: Running[]; missing: string[] }> {
  const caddy = process.env['CADDY'] ?? 'caddy'
  const all: readonly (readonly [string, boolean, () => Promise<Running>])[] = [
    ['nginx + Lua', hasLua, () => nginxLua(backends.http.port)],
    ['HAProxy', found('haproxy'), () => haproxy(backends)],
    ['Caddy', found(caddy), () => goCaddy(caddy, backends)],
    ['fast-gateway', existsSync(join(peers, 'node_modules')), () => node('fast-gateway', backends)],
    ['@fastify/http-proxy', existsSync(join(peers, 'node_modules')), () => node('http-proxy', backends)],
  ]
  const running: Running[] = []
  const missing: string[] = []
  for (const [name, available, start] of all) {
    if (!available) {
      missing.push(name)
      continue
    }
    try {
      running.push({ ...(await start()), name })
    } catch (error) {
      for (const each of running) await each[Symbol.asyncDispose]()
      throw error
    }
  }
  return { running, missing }
}

function inDirectory(file: string, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  writeFileSync(join(directory, file), text)
  return directory
}

async function haproxy({ http, grpc, webSocket }: Backends): Promise<Running> {
  const [port, securePort] = [await freePort(), await freePort()]
  const { cert, key } = certificate()
  const pem = `${cert}.both`
  writeFileSync(pem, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'))
  const networks = join(inDirectory('networks', NETWORKS.join('\n')), 'networks')
  const directory = inDirectory(
    'haproxy.cfg',
    `global
  nbthread 1
  maxconn 9900
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout http-keep-alive 600s
  timeout server 60s
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  bind 127.0.0.1:${securePort} ssl crt ${pem} alpn h2,http/1.1
  http-request deny if { path_beg /networks/ } !{ src -f ${networks} }
  option forwardfor
  unique-id-format %{+X}o\\ %ci:%cp_%fi:%fp_%Ts_%rt
  unique-id-header X-Request-Id
  use_backend calls if { path_beg /bench.Echo/ }
  use_backend socket if { path_beg /socket/ }
  default_backend out
backend out
  server one 127.0.0.1:${http.port}
backend calls
  server one 127.0.0.1:${grpc} proto h2
backend socket
  server one 127.0.0.1:${webSocket}
`,
  )
  const process = spawnOn(PROXY_CORE, 'haproxy', ['-db', '-f', join(directory, 'haproxy.cfg')], {})
  return started({ name: 'HAProxy', pid: process.pid ?? 0, port, securePort, path: '/orders/1' }, process, directory)
}

async function goCaddy(command: string, { http, grpc, webSocket }: Backends): Promise<Running> {
  const [port, securePort] = [await freePort(), await freePort()]
  const { cert, key } = certificate()
  const directory = inDirectory(
    'Caddyfile',
    `{
  admin off
  auto_https off
  default_sni 127.0.0.1
}
(forward) {
  handle /bench.Echo/* {
    reverse_proxy h2c://127.0.0.1:${grpc}
  }
  handle /socket/* {
    reverse_proxy 127.0.0.1:${webSocket}
  }
  handle {
    reverse_proxy 127.0.0.1:${http.port} {
      header_up X-Request-Id {http.request.uuid}
      transport http {
        keepalive_idle_conns_per_host 256
      }
    }
  }
}
https://127.0.0.1:${securePort} {
  tls ${cert} ${key}
  import forward
}
http://127.0.0.1:${port} {
  import forward
}
`,
  )
  const environment = { GOMAXPROCS: '1', XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory }
  const file = join(directory, 'Caddyfile')
  const process = spawnOn(PROXY_CORE, command, ['run', '--adapter', 'caddyfile', '--config', file], environment, true)
  return started({ name: 'Caddy', pid: process.pid ?? 0, port, securePort, path: '/orders/1' }, process, directory)
}

async function node(script: string, { http, webSocket }: Backends): Promise<Running> {
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const file = join(peers, `${script}.js`)
  const process = spawnOn(
    PROXY_CORE,
    globalThis.process.execPath,
    [file, ...[port, http.port, webSocket].map(String)],
    {
      NODE_ENV: 'production',
    },
  )
  return started({ name: script, pid: process.pid ?? 0, port, path: '/orders/1' }, process, directory)
}

/** The policies that Sluice has in the same scenario: counters in a shared dictionary, HMAC by the OpenSSL of nginx. */
function nginxLua(backend: number): Promise<Running> {
  const policies = (path: string, access: string, more = ''): string => `
      location /${path}/ {
        set $app "";
        access_by_lua_block { ${access} }
        ${more}
        access_log log.json json buffer=64k flush=1s;
        proxy_pass http://backend;
      }`
  return nginx(
    'nginx + Lua',
    PROXY_CORE,
    (port, secure) => `
    lua_shared_dict counters 10m;
    lua_package_path "/usr/share/lua/5.1/?.lua;;";
    log_format json escape=json '{"time":"$time_iso8601","request_id":"$request_id","app":"$app","client":"$remote_addr",'
      '"host":"$host","method":"$request_method","uri":"$request_uri","status":$status,"bytes_in":$request_length,'
      '"bytes_out":$bytes_sent,"seconds":$request_time,"upstream":"$upstream_addr","upstream_status":"$upstream_status",'
      '"upstream_seconds":"$upstream_response_time","agent":"$http_user_agent"}';
    geo $listed { default 0; 127.0.0.0/8 1; }
    geo $network { default 0; ${NETWORKS.map((network) => `${network} 1;`).join(' ')} }
    map $http_origin $allowed { default ""; ${ORIGIN} $http_origin; }
    init_by_lua_block { ${library} }
    upstream backend { server 127.0.0.1:${backend}; keepalive 256; keepalive_requests 1000000000; }
    server {
      listen 127.0.0.1:${port} backlog=1024;
      ${listenSecurely(secure)}
      proxy_http_version 1.1;
      client_body_buffer_size 64k;
      proxy_set_header Connection "";
      ${GATEWAY_HEADERS}
      location / { proxy_pass http://backend; }
      ${policies('code', 'gateway.code() gateway.throttle("code")')}
      ${policies('signed', 'gateway.signature() gateway.throttle("signed")')}
      ${policies(
        'listed',
        'if ngx.var.listed ~= "1" then return ngx.exit(403) end gateway.code()',
        'add_header X-Request-Id $request_id; add_header X-Bench DENY; add_header X-Frame-Options DENY;' +
          'add_header Access-Control-Allow-Origin $allowed; add_header Vary Origin;',
      )}
      ${policies('networks', 'if ngx.var.network ~= "1" then return ngx.exit(403) end')}
    }`,
    LUA_MODULES,
  )
}

const library = `
  local ffi = require "ffi"
  ffi.cdef[[
    const void *EVP_sha256(void);
    unsigned char *HMAC(const void *md, const void *key, int n, const char *d, size_t dn, unsigned char *out, unsigned int *len);
    unsigned char *SHA256(const char *d, size_t n, unsigned char *md);
  ]]
  local C, out, len, sha256 = ffi.C, ffi.new("unsigned char[32]"), ffi.new("unsigned int[1]"), ffi.C.EVP_sha256()
  local bytes = {}
  for i = 0, 255 do bytes[string.char(i)] = string.format("%02x", i) end
  local function hex() return (ffi.string(out, 32):gsub(".", bytes)) end
  local codes = { ["${APP.code}"] = "app1" }
  local secrets = { ["${APP.key}"] = "${APP.secret}" }
  local empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  gateway = {}
  function gateway.code()
    local app = codes[ngx.var.http_x_apig_appcode or ""]
    if not app then return ngx.exit(401) end
    ngx.var.app = app
  end
  function gateway.throttle(api)
    local counters = ngx.shared.counters
    local count = counters:incr(api, 1, 0, 60)
    if count and count > 100000000 then return ngx.exit(429) end
    count = counters:incr(api .. ngx.var.remote_addr, 1, 0, 60)
    if count and count > 100000000 then return ngx.exit(429) end
  end
  function gateway.signature()
    local key, names, given = (ngx.var.http_authorization or ""):match("^SDK%-HMAC%-SHA256 Access=([^,]+), ?SignedHeaders=([^,]+), ?Signature=(%x+)$")
    local secret, date = secrets[key or ""], ngx.var.http_x_sdk_date
    if not secret or not date then return ngx.exit(401) end
    local y, mo, d, h, mi, s = date:match("^(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z$")
    if not y then return ngx.exit(401) end
    local sent = os.time{year=y,month=mo,day=d,hour=h,min=mi,sec=s}
    if math.abs(ngx.time() - sent) > 900 then return ngx.exit(401) end
    local lines = { ngx.req.get_method(), ngx.var.uri .. "/", ngx.var.args or "" }
    for name in names:gmatch("[^;]+") do
      lines[#lines + 1] = name .. ":" .. (ngx.var["http_" .. name:gsub("-", "_")] or "")
    end
    lines[#lines + 1] = ""
    lines[#lines + 1] = names
    lines[#lines + 1] = empty
    local request = table.concat(lines, "\\n")
    C.SHA256(request, #request, out)
    local text = "SDK-HMAC-SHA256\\n" .. date .. "\\n" .. hex()
    C.HMAC(sha256, secret, #secret, text, #text, out, len)
    if hex() ~= given then return ngx.exit(401) end
    ngx.var.app = key
  end
`
