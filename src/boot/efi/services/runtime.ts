/** The runtime services in the order of their table (UEFI specification 2.10, "EFI Runtime Services Table"). */
import type { EfiCall } from '../call.ts';
import { INVALID_PARAMETER, SUCCESS, UNSUPPORTED } from '../status.ts';
import type { Service } from '../stubs.ts';
import type { EfiSystem } from '../system.ts';
import type { EfiTables } from '../tables.ts';
import { Clock } from './clock.ts';
import { resetSystem } from './reset.ts';
import { Variables } from './variables.ts';
import { VirtualMap } from './virtual-map.ts';

/** @param tables which exist when a service is called. Returns the addresses of the services. */
export function runtimeServices(system: EfiSystem, tables: () => EfiTables): number[] {
  const clock = new Clock(system);
  const variables = new Variables(system);
  const virtualMap = new VirtualMap(tables);
  const unsupported: Service = () => UNSUPPORTED;
  let highMonotonicCount = 0;
  const services: Service[] = [
    clock.getTime,
    clock.setTime,
    unsupported, // GetWakeupTime
    unsupported, // SetWakeupTime
    virtualMap.setVirtualAddressMap,
    virtualMap.convertPointer,
    variables.get,
    variables.next,
    variables.set,
    (call: EfiCall) => {
      if (call.argument(0) === 0n) return INVALID_PARAMETER;
      highMonotonicCount += 1;
      call.setU32(call.argument(0), highMonotonicCount);
      return SUCCESS;
    },
    (call: EfiCall) => {
      resetSystem(system, call.argument32(0));
      return SUCCESS;
    },
    unsupported, // UpdateCapsule
    unsupported, // QueryCapsuleCapabilities
    variables.queryInfo,
  ];
  return services.map((service) => system.stubs.add(system.runtimeCode, service));
}
