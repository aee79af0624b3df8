import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  CONTAINER_SETTINGS,
  longestStopSeconds,
  readYamlDocuments,
  readYamlFile,
  secretVariables,
  settingsOf,
} from './files.ts';

const FOLDER = 'deploy/kubernetes';
const { spec: deployment } = readYamlFile(join(FOLDER, 'deployment.yaml'));
const pod = deployment.template.spec;
const [container] = pod.containers;

test('the pod fulfils the restricted standard, on a read-only file system', () => {
  assert.equal(pod.securityContext.runAsNonRoot, true);
  assert.ok(pod.securityContext.runAsUser > 0);
  assert.deepEqual(pod.securityContext.seccompProfile, { type: 'RuntimeDefault' });
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  assert.equal(pod.hostNetwork ?? pod.hostPID ?? pod.hostIPC, undefined);
  assert.equal(pod.automountServiceAccountToken, false);
  const { metadata } = readYamlFile(join(FOLDER, 'namespace.yaml'));
  assert.equal(metadata.labels['pod-security.kubernetes.io/enforce'], 'restricted');
});

test('there is never a second pod on the queue', () => {
  assert.equal(deployment.replicas, 1);
  assert.equal(deployment.strategy.type, 'Recreate');
});

test('what the container mounts is there, and where the settings and the image expect it', () => {
  const volumes = pod.volumes.map(({ name }: { name: string }) => name);
  const mounts = container.volumeMounts.map(({ name }: { name: string }) => name);
  assert.deepEqual(mounts.sort(), volumes.sort());
  const writable = container.volumeMounts
    .filter((mount: { readOnly?: boolean }) => mount.readOnly !== true)
    .map(({ mountPath }: { mountPath: string }) => mountPath);
  assert.deepEqual(writable, [settingsOf(CONTAINER_SETTINGS).dataDirectory, '/tmp']);
});

test('the pod gets each secret as a file, by the variables that are read', () => {
  const variables = container.env.map(({ name }: { name: string }) => name);
  assert.deepEqual(
    variables.sort(),
    secretVariables()
      .map((name) => `${name}_FILE`)
      .sort(),
  );
  const { mountPath } = container.volumeMounts.find(
    ({ name }: { name: string }) => name === 'secrets',
  );
  for (const { value } of container.env) {
    assert.ok(value.startsWith(`${mountPath}/`), value);
  }
});

test('the probes ask whether the process lives, on the port of the settings', () => {
  assert.deepEqual(container.ports, [
    { name: 'http', containerPort: settingsOf(CONTAINER_SETTINGS).listen.port },
  ]);
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    assert.deepEqual(container[probe].httpGet, { path: '/livez', port: 'http' });
  }
});

test('the pod is given the time that a stop may take', () => {
  assert.ok(pod.terminationGracePeriodSeconds > longestStopSeconds());
});

test('traffic is refused unless it is named', () => {
  const { spec } = readYamlFile(join(FOLDER, 'network-policy.yaml'));
  assert.deepEqual(spec.policyTypes, ['Ingress', 'Egress']);
  assert.equal(spec.ingress.length, 1);
  assert.ok(spec.ingress[0].from.length > 0);
  assert.ok(spec.egress.every((rule: { to?: unknown[] }) => (rule.to?.length ?? 0) > 0));
});

test('the kustomization names every file of the folder', () => {
  const { resources } = readYamlFile(join(FOLDER, 'kustomization.yaml'));
  for (const file of resources) {
    assert.ok(existsSync(join(FOLDER, file)), file);
  }
});

const cannot =
  spawnSync('kubectl', ['version', '--client']).status === 0 ? false : 'there is no kubectl';

test('kustomize builds a deployment that selects its own pod', { skip: cannot }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'));
  cpSync(FOLDER, folder, { recursive: true });
  copyFileSync(CONTAINER_SETTINGS, join(folder, 'exo-bridge.yaml'));
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], {
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  assert.equal(status, 0, stderr);
  const objects = readYamlDocuments(stdout);
  const find = (kind: string) => objects.find((object) => object.kind === kind);
  const built = find('Deployment').spec;
  assert.deepEqual(built.selector.matchLabels, built.template.metadata.labels);
  assert.deepEqual(find('Service').spec.selector, built.selector.matchLabels);
  // Every pod of the namespace, ours among them.
  assert.deepEqual(find('NetworkPolicy').spec.podSelector, {});
  const [config] = built.template.spec.volumes.filter((volume: object) => 'configMap' in volume);
  assert.equal(config.configMap.name, find('ConfigMap').metadata.name);
});
