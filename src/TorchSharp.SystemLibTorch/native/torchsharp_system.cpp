// The native half of the system backend: a thin C surface over libtorch (1.13 and later, CPU or CUDA).
//
// Operators are not bound one by one. libtorch's dispatcher finds an operator by name and overload; its schema says what each argument must be, so
// a call is an array of tagged values, turned into the types of the schema here, and run on a boxed stack. Beside that there is only what operators
// cannot do: tensor handles, autograd, custom functions, random generators, threads, devices, and errors as text.
//
// A tensor handle is an owned reference to a TensorImpl. Functions return a negative count or a null handle for an error, whose text last_error gives.

#include <ATen/Context.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/ScalarOps.h>
#include <ATen/Version.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/version.h>
#if TORCH_VERSION_MAJOR < 2
#include <ATen/ops/gelu_backward_ops.h>
#include <torch/library.h>
#endif

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

using at::Tensor;
using c10::IValue;
using torch::autograd::variable_list;

namespace {

thread_local std::string error_text;

// Runs a body and turns any exception into the thread's error text and the given result.
template <typename R, typename F>
R guarded(R failure, F&& body) {
  try {
    return body();
  } catch (const c10::Error& e) {
    error_text = e.what_without_backtrace();
  } catch (const std::exception& e) {
    error_text = e.what();
  } catch (...) {
    error_text = "unknown native error";
  }
  return failure;
}

using Handle = at::TensorImpl*;

// libtorch's optional was its own and is the standard's now: this is an optional tensor of whichever kind its own interfaces use.
template <typename>
struct Rebind;
template <template <typename> class Optional, typename T>
struct Rebind<Optional<T>> {
  using type = Optional<Tensor>;
};
using OptionalTensor = Rebind<std::decay_t<decltype(std::declval<c10::Argument>().N())>>::type;

Tensor borrow(Handle handle) {
  if (handle == nullptr) return Tensor();
  return Tensor(c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim_copy(handle));
}

Handle release(Tensor tensor) {
  return tensor.defined() ? tensor.unsafeReleaseTensorImpl() : nullptr;
}

variable_list borrow_all(const Handle* handles, int count) {
  variable_list tensors;
  tensors.reserve(count);
  for (int i = 0; i < count; i++) tensors.push_back(borrow(handles[i]));
  return tensors;
}

// ---- Operators ------------------------------------------------------------------------------------------------------------------------------------

enum Tag : int32_t {  // the same numbers as ArgTag in Interop/Arg.cs
  None, TensorTag, Int, Double, Bool, Complex, IntList, DoubleList, BoolList, TensorList, String, Device, Generator, Default
};

struct Value {
  int32_t tag;
  int32_t count;  // of a list's elements or a text's bytes
  union {
    int64_t i;
    double d;
    Handle tensor;
    const int64_t* ints;
    const double* doubles;
    const Handle* tensors;
    const char* text;
    at::GeneratorImpl* generator;
  };
};

struct Parameter {
  c10::TypeKind kind;     // of the value, optionality removed
  c10::TypeKind element;  // of a list's elements
  bool optional;
  bool optional_element;
  int32_t repeat;  // how often a single number fills a list of fixed length
  std::optional<IValue> fallback;
  std::string name;
};

struct Operator {
  c10::OperatorHandle handle;
  std::vector<Parameter> parameters;
};

thread_local torch::jit::Stack spare_stack;  // keeps its memory from call to call; a call within a call finds it empty and makes its own
thread_local std::vector<Value> pending;  // results of the last call that did not fit the caller's room

[[noreturn]] void mismatch(const Parameter& p, const Value& v) {
  static const char* const tags[] = {"None", "a tensor", "an integer", "a float", "a bool", "a complex number", "a list of integers",
                                     "a list of floats", "a list of bools", "a list of tensors", "a string", "a device", "a generator", "nothing"};
  TORCH_CHECK(false, "argument '", p.name, "' must be ", c10::typeKindToString(p.kind), ", not ", tags[v.tag]);
}

at::Scalar to_scalar(const Parameter& p, const Value& v) {
  switch (v.tag) {
    case Int: return at::Scalar(v.i);
    case Double: return at::Scalar(v.d);
    case Bool: return at::Scalar(v.i != 0);
    case Complex: return at::Scalar(c10::complex<double>(v.doubles[0], v.doubles[1]));
    default: mismatch(p, v);
  }
}

int64_t to_int(const Parameter& p, const Value& v) {
  if (v.tag == Double && std::floor(v.d) == v.d && std::abs(v.d) < 9.0e15) return static_cast<int64_t>(v.d);
  if (v.tag != Int && v.tag != Bool) mismatch(p, v);
  return v.i;
}

double to_double(const Parameter& p, const Value& v) {
  if (v.tag == Double) return v.d;
  return static_cast<double>(to_int(p, v));
}

c10::Device to_device(const Parameter& p, const Value& v) {
  if (v.tag != Device) mismatch(p, v);
  return c10::Device(static_cast<c10::DeviceType>(v.i >> 32), static_cast<c10::DeviceIndex>(static_cast<int32_t>(v.i)));
}

Tensor to_tensor(const Parameter& p, const Value& v) {
  if (v.tag == TensorTag) return borrow(v.tensor);
  if (v.tag == None) return Tensor();
  auto tensor = c10::scalar_to_tensor(to_scalar(p, v));  // a number where a tensor is wanted promotes as a number does
  tensor.unsafeGetTensorImpl()->set_wrapped_number(true);
  return tensor;
}

IValue to_list(const Parameter& p, const Value& v) {
  switch (p.element) {
    case c10::TypeKind::TensorType:
      if (v.tag != TensorList) mismatch(p, v);
      if (p.optional_element) {
        c10::List<OptionalTensor> list;
        list.reserve(v.count);
        for (int i = 0; i < v.count; i++) list.push_back(v.tensors[i] == nullptr ? OptionalTensor() : OptionalTensor(borrow(v.tensors[i])));
        return IValue(std::move(list));
      } else {
        c10::List<Tensor> list;
        list.reserve(v.count);
        for (int i = 0; i < v.count; i++) list.push_back(borrow(v.tensors[i]));
        return IValue(std::move(list));
      }
    case c10::TypeKind::BoolType: {
      c10::List<bool> list;
      if (v.tag == Bool) for (int i = 0; i < p.repeat; i++) list.push_back(v.i != 0);
      else if (v.tag == BoolList || v.tag == IntList) for (int i = 0; i < v.count; i++) list.push_back(v.ints[i] != 0);
      else mismatch(p, v);
      return IValue(std::move(list));
    }
    case c10::TypeKind::FloatType: {
      c10::List<double> list;
      if (v.tag == DoubleList) for (int i = 0; i < v.count; i++) list.push_back(v.doubles[i]);
      else if (v.tag == IntList) for (int i = 0; i < v.count; i++) list.push_back(static_cast<double>(v.ints[i]));
      else for (int i = 0; i < p.repeat; i++) list.push_back(to_double(p, v));
      return IValue(std::move(list));
    }
    case c10::TypeKind::NumberType: {
      c10::List<at::Scalar> list;
      if (v.tag == DoubleList) for (int i = 0; i < v.count; i++) list.push_back(at::Scalar(v.doubles[i]));
      else if (v.tag == IntList) for (int i = 0; i < v.count; i++) list.push_back(at::Scalar(v.ints[i]));
      else mismatch(p, v);
      return IValue(std::move(list));
    }
    default: {  // int and SymInt
      c10::List<int64_t> list;
      if (v.tag == IntList) {
        list.reserve(v.count);
        for (int i = 0; i < v.count; i++) list.push_back(v.ints[i]);
      } else {
        for (int i = 0; i < p.repeat; i++) list.push_back(to_int(p, v));
      }
      return IValue(std::move(list));
    }
  }
}

IValue to_ivalue(const Parameter& p, const Value& v) {
  if (v.tag == Default) {
    if (p.fallback) return *p.fallback;
    TORCH_CHECK(p.optional, "argument '", p.name, "' is missing");
    return IValue();
  }
  if (v.tag == None && (p.optional || p.kind != c10::TypeKind::TensorType)) {
    if (!p.optional) mismatch(p, v);
    return IValue();
  }
  switch (p.kind) {
    case c10::TypeKind::TensorType: return IValue(to_tensor(p, v));
    case c10::TypeKind::FloatType: return IValue(to_double(p, v));
    case c10::TypeKind::BoolType: return IValue(to_int(p, v) != 0);
    case c10::TypeKind::NumberType: return IValue(to_scalar(p, v));
    case c10::TypeKind::ListType: return to_list(p, v);
    case c10::TypeKind::DeviceObjType: return IValue(to_device(p, v));
    case c10::TypeKind::StringType:
      if (v.tag != String) mismatch(p, v);
      return IValue(std::string(v.text, v.count));
    case c10::TypeKind::GeneratorType:
      if (v.tag != Generator) mismatch(p, v);
      return IValue(at::Generator(c10::intrusive_ptr<at::GeneratorImpl>::reclaim_copy(v.generator)));
    default: return IValue(to_int(p, v));  // int, SymInt, ScalarType, Layout, MemoryFormat
  }
}

Parameter describe(const c10::Argument& argument) {
  Parameter p{};
  auto type = argument.type();
  if (auto optional = type->cast<c10::OptionalType>()) {
    p.optional = true;
    type = optional->getElementType();
  }
  p.kind = type->kind();
  if (auto list = type->cast<c10::ListType>()) {
    auto element = list->getElementType();
    if (auto optional = element->cast<c10::OptionalType>()) {
      p.optional_element = true;
      element = optional->getElementType();
    }
    p.element = element->kind();
  }
  p.repeat = argument.N().value_or(1);
  if (argument.default_value()) p.fallback = *argument.default_value();
  p.name = argument.name();
  return p;
}

Value to_value(const IValue& value) {
  Value v{};
  if (value.isTensor()) {
    v.tag = TensorTag;
    v.tensor = release(value.toTensor());
  } else if (value.isInt()) {
    v.tag = Int;
    v.i = value.toInt();
  } else if (value.isDouble()) {
    v.tag = Double;
    v.d = value.toDouble();
  } else if (value.isBool()) {
    v.tag = Bool;
    v.i = value.toBool();
  } else {
    v.tag = None;
  }
  return v;
}

void flatten(const IValue& value, std::vector<Value>& into) {
  if (value.isTensorList()) {
    for (const Tensor& tensor : value.toTensorVector()) into.push_back(to_value(IValue(tensor)));
  } else if (value.isTuple()) {
    for (const IValue& element : value.toTupleRef().elements()) flatten(element, into);
  } else {
    into.push_back(to_value(value));
  }
}

void drop_pending() {
  for (Value& v : pending) if (v.tag == TensorTag && v.tensor != nullptr) c10::raw::intrusive_ptr::decref(v.tensor);
  pending.clear();
}

}  // namespace

EXPORT const char* last_error() { return error_text.c_str(); }

// Null when this libtorch lacks the operator.
EXPORT Operator* op_find(const char* name, const char* overload) {
  return guarded<Operator*>(nullptr, [&]() -> Operator* {
    auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
    if (!handle) return nullptr;
    auto* op = new Operator{*handle, {}};
    for (const auto& argument : handle->schema().arguments()) op->parameters.push_back(describe(argument));
    return op;
  });
}

// Returns how many values came back. Up to room of them are written to results (which then own their tensors); if there are more, none is written and
// op_more_results hands out all. With no room at all the results are dropped.
EXPORT int32_t op_call(Operator* op, const Value* args, int32_t count, Value* results, int32_t room) {
  return guarded<int32_t>(-1, [&]() -> int32_t {
    const auto& parameters = op->parameters;
    TORCH_CHECK(static_cast<size_t>(count) <= parameters.size(), op->handle.schema().name(), " takes ", parameters.size(), " arguments, not ", count);
    torch::jit::Stack stack = std::move(spare_stack);
    stack.clear();
    stack.reserve(parameters.size());
    static const Value omitted{Default, 0, {0}};
    for (size_t i = 0; i < parameters.size(); i++) stack.push_back(to_ivalue(parameters[i], i < static_cast<size_t>(count) ? args[i] : omitted));
    op->handle.callBoxed(stack);

    if (stack.size() == 1 && (room == 0 || stack[0].isTensor())) {
      if (room > 0) {
        results[0].tag = TensorTag;
        results[0].tensor = release(std::move(stack[0]).toTensor());
      }
      stack.clear();
      spare_stack = std::move(stack);
      return room == 0 ? 0 : 1;
    }
    if (room == 0) return 0;
    std::vector<Value> values;
    for (const IValue& value : stack) flatten(value, values);
    const auto total = static_cast<int32_t>(values.size());
    if (total <= room) {
      std::copy(values.begin(), values.end(), results);
    } else {
      drop_pending();
      pending = std::move(values);
    }
    return total;
  });
}

EXPORT void op_more_results(Value* results) {
  std::copy(pending.begin(), pending.end(), results);
  pending.clear();
}

// ---- Tensors --------------------------------------------------------------------------------------------------------------------------------------

// The following read one field; the caller may call them without leaving managed code's cooperative mode.
EXPORT int64_t tensor_dim(Handle t) { return t->dim(); }
EXPORT int64_t tensor_numel(Handle t) { return t->numel(); }
EXPORT int32_t tensor_dtype(Handle t) { return static_cast<int32_t>(c10::typeMetaToScalarType(t->dtype())); }
EXPORT int64_t tensor_element_size(Handle t) { return static_cast<int64_t>(t->dtype().itemsize()); }
EXPORT int64_t tensor_device(Handle t) {
  const auto device = t->device();
  return (static_cast<int64_t>(device.type()) << 32) | static_cast<uint32_t>(static_cast<int32_t>(device.index()));
}
EXPORT int32_t tensor_requires_grad_flag(Handle t) { return t->requires_grad(); }

EXPORT void tensor_free(Handle t) { c10::raw::intrusive_ptr::decref(t); }

EXPORT int32_t tensor_sizes(Handle t, int64_t* sizes) {
  return guarded<int32_t>(-1, [&] { auto s = t->sizes(); std::copy(s.begin(), s.end(), sizes); return 0; });
}

EXPORT int32_t tensor_strides(Handle t, int64_t* strides) {
  return guarded<int32_t>(-1, [&] { auto s = t->strides(); std::copy(s.begin(), s.end(), strides); return 0; });
}

enum Property : int32_t { StorageOffset, IsContiguous, IsLeaf, RequiresGrad, IsSparse, IsConj, IsNeg, IsPinned, IsQuantized, HasStorage, IsInference, StorageBytes };

EXPORT int64_t tensor_property(Handle handle, int32_t property) {
  return guarded<int64_t>(INT64_MIN, [&]() -> int64_t {
    auto t = borrow(handle);
    switch (property) {
      case StorageOffset: return t.storage_offset();
      case IsContiguous: return t.is_contiguous();
      case IsLeaf: return t.is_leaf();
      case RequiresGrad: return t.requires_grad();
      case IsSparse: return t.is_sparse();
      case IsConj: return t.is_conj();
      case IsNeg: return t.is_neg();
      case IsPinned: return t.is_pinned();
      case IsQuantized: return t.is_quantized();
      case HasStorage: return t.has_storage();
      case IsInference: return t.is_inference();
      case StorageBytes: return static_cast<int64_t>(t.storage().nbytes());
      default: TORCH_CHECK(false, "unknown tensor property ", property);
    }
  });
}

EXPORT void* tensor_data(Handle handle) {
  return guarded<void*>(nullptr, [&] { return borrow(handle).data_ptr(); });
}

// A tensor over the caller's memory; done(context) is called when the last tensor that shares it is gone.
EXPORT Handle tensor_from_memory(void* data, const int64_t* sizes, int32_t dim, int32_t dtype, void (*done)(void*), void* context) {
  return guarded<Handle>(nullptr, [&] {
    auto options = at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype));
    return release(at::from_blob(data, at::IntArrayRef(sizes, dim), [done, context](void*) { done(context); }, options));
  });
}

// The same tensor under another handle: one more reference, not an alias in libtorch's sense.
EXPORT Handle tensor_share(Handle handle) { return release(borrow(handle)); }

// Reads the value of a one-element tensor.
EXPORT int32_t tensor_item(Handle handle, double* parts, Value* value) {
  return guarded<int32_t>(-1, [&] {
    auto scalar = borrow(handle).item();
    if (scalar.isComplex()) {
      const auto c = scalar.toComplexDouble();
      parts[0] = c.real();
      parts[1] = c.imag();
      value->tag = Complex;
    } else {
      *value = to_value(IValue(scalar));
    }
    return 0;
  });
}

// ---- Autograd -------------------------------------------------------------------------------------------------------------------------------------

EXPORT int32_t tensor_set_requires_grad(Handle handle, int32_t on) {
  return guarded<int32_t>(-1, [&] {
    auto t = borrow(handle);
    TORCH_CHECK(t.is_leaf() || on, "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a subgraph "
                "that doesn't require differentiation use var_no_grad = var.detach().");
    t.set_requires_grad(on != 0);
    return 0;
  });
}

EXPORT int32_t tensor_grad(Handle handle, Handle* grad) {
  return guarded<int32_t>(-1, [&] { *grad = release(borrow(handle).grad()); return 0; });
}

EXPORT int32_t tensor_set_grad(Handle handle, Handle grad) {
  return guarded<int32_t>(-1, [&] {
    auto t = borrow(handle);
    auto g = borrow(grad);
    TORCH_CHECK(!g.defined() || g.sizes() == t.sizes(), "assigned grad has data of a different size");
    TORCH_CHECK(!g.defined() || g.device() == t.device(), "assigned grad has data located on a different device");
    t.mutable_grad() = g;
    return 0;
  });
}

EXPORT int32_t autograd_backward(const Handle* tensors, int32_t count, const Handle* grads, int32_t grad_count, int32_t retain, int32_t create,
                                 const Handle* inputs, int32_t input_count) {
  return guarded<int32_t>(-1, [&] {
    torch::autograd::backward(borrow_all(tensors, count), borrow_all(grads, grad_count), retain != 0, create != 0, borrow_all(inputs, input_count));
    return 0;
  });
}

// results has room for input_count handles; an unused input's is null.
EXPORT int32_t autograd_grad(const Handle* outputs, int32_t output_count, const Handle* inputs, int32_t input_count, const Handle* grads, int32_t grad_count,
                             int32_t retain, int32_t create, int32_t allow_unused, Handle* results) {
  return guarded<int32_t>(-1, [&] {
    auto found = torch::autograd::grad(borrow_all(outputs, output_count), borrow_all(inputs, input_count), borrow_all(grads, grad_count), retain != 0,
                                       create != 0, allow_unused != 0);
    for (size_t i = 0; i < found.size(); i++) results[i] = release(std::move(found[i]));
    return 0;
  });
}

EXPORT int32_t grad_mode() { return at::GradMode::is_enabled(); }
EXPORT void set_grad_mode(int32_t on) { at::GradMode::set_enabled(on != 0); }
EXPORT int32_t inference_mode() { return c10::InferenceMode::is_enabled(); }
EXPORT c10::InferenceMode* inference_mode_enter(int32_t on) { return new c10::InferenceMode(on != 0); }
EXPORT void inference_mode_leave(c10::InferenceMode* mode) { delete mode; }

EXPORT int32_t anomaly_mode() {
  return (torch::autograd::AnomalyMode::is_enabled() ? 1 : 0) | (torch::autograd::AnomalyMode::should_check_nan() ? 2 : 0);
}
EXPORT void set_anomaly_mode(int32_t on, int32_t check_nan) { torch::autograd::AnomalyMode::set_enabled(on != 0, check_nan != 0); }

// A function whose forward and backward are managed code. run(function, context, backward, grads, count, results, room) writes its results' owned
// handles and returns how many, or a negative number after set_error; drop(function) is called when the graph lets go of it.
using Run = int32_t (*)(void* function, torch::autograd::AutogradContext* context, int32_t backward, const Handle* grads, int32_t count, Handle* results,
                        int32_t room);
using Drop = void (*)(void* function);

namespace {

constexpr int kFunctionRoom = 256;

struct ManagedState : torch::CustomClassHolder {
  ManagedState(void* function, Run run, Drop drop) : function(function), run(run), drop(drop) {}
  ~ManagedState() override { drop(function); }

  variable_list operator()(torch::autograd::AutogradContext* context, bool backward, const variable_list& inputs) const {
    std::vector<Handle> handles;
    for (const Tensor& t : inputs) handles.push_back(release(t));
    std::vector<Handle> results(kFunctionRoom);
    const int32_t count = run(function, context, backward, handles.data(), static_cast<int32_t>(handles.size()), results.data(), kFunctionRoom);
    TORCH_CHECK(count >= 0, error_text);
    variable_list tensors;
    for (int32_t i = 0; i < count; i++) {
      tensors.push_back(results[i] == nullptr ? Tensor() : Tensor(c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim(results[i])));
    }
    return tensors;
  }

  void* function;
  Run run;
  Drop drop;
};

struct ManagedFunction : torch::autograd::Function<ManagedFunction> {
  static variable_list forward(torch::autograd::AutogradContext* context, at::TensorList, c10::intrusive_ptr<ManagedState> state) {
    context->saved_data["function"] = IValue::make_capsule(state);
    return (*state)(context, false, {});  // the managed side has its arguments already
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& grads) {
    auto capsule = context->saved_data["function"].toCapsule();
    auto results = (*static_cast<ManagedState*>(capsule.get()))(context, true, grads);
    results.emplace_back();  // for the state, which is an argument of forward as well
    return results;
  }
};

}  // namespace

EXPORT void set_error(const char* text) { error_text = text; }

EXPORT int32_t function_apply(const Handle* inputs, int32_t count, void* function, Run run, Drop drop, Handle* results) {
  auto state = c10::make_intrusive<ManagedState>(function, run, drop);
  return guarded<int32_t>(-1, [&] {
    auto tensors = borrow_all(inputs, count);
    auto outputs = ManagedFunction::apply(at::TensorList(tensors), state);
    for (size_t i = 0; i < outputs.size(); i++) results[i] = release(std::move(outputs[i]));
    return static_cast<int32_t>(outputs.size());
  });
}

EXPORT void context_save(torch::autograd::AutogradContext* context, const Handle* tensors, int32_t count) {
  context->save_for_backward(borrow_all(tensors, count));
}

EXPORT int32_t context_saved(torch::autograd::AutogradContext* context, Handle* results, int32_t room) {
  return guarded<int32_t>(-1, [&] {
    auto saved = context->get_saved_variables();
    if (saved.size() <= static_cast<size_t>(room)) for (size_t i = 0; i < saved.size(); i++) results[i] = release(std::move(saved[i]));
    return static_cast<int32_t>(saved.size());
  });
}

EXPORT void context_mark_dirty(torch::autograd::AutogradContext* context, const Handle* tensors, int32_t count) {
  context->mark_dirty(borrow_all(tensors, count));
}

EXPORT void context_mark_non_differentiable(torch::autograd::AutogradContext* context, const Handle* tensors, int32_t count) {
  context->mark_non_differentiable(borrow_all(tensors, count));
}

EXPORT void context_set_materialize_grads(torch::autograd::AutogradContext* context, int32_t on) { context->set_materialize_grads(on != 0); }

// ---- The float32 backward of GELU in libtorch 1.x -------------------------------------------------------------------------------------------------
// On CPU it hands oneDNN the gradient's memory under the input's layout: with a contiguous input and a channels-last or permuted gradient it reads
// values from the wrong places, or from nowhere. A kernel just below autograd gives both the same layout, whoever asked: gelu, gelu_ or a composite.
#if TORCH_VERSION_MAJOR < 2
namespace {

Tensor gelu_backward_same_layout(c10::DispatchKeySet keys, const Tensor& grad, const Tensor& self, c10::string_view approximate) {
  const auto format = self.suggest_memory_format();
  return at::_ops::gelu_backward::redispatch(keys & c10::after_ADInplaceOrView_keyset, grad.contiguous(format), self.contiguous(format), approximate);
}

TORCH_LIBRARY_IMPL(aten, ADInplaceOrView, library) {
  library.impl("gelu_backward", TORCH_FN(gelu_backward_same_layout));
}

}  // namespace
#endif

// ---- Random numbers, threads, devices -------------------------------------------------------------------------------------------------------------

namespace {

// Names that changed between releases; where a release has both, the int parameter picks the first.
template <typename Hooks>
auto count_devices(const Hooks& hooks, int) -> decltype(static_cast<int32_t>(hooks.getNumGPUs())) { return static_cast<int32_t>(hooks.getNumGPUs()); }
template <typename Hooks>
auto count_devices(const Hooks& hooks, long) -> decltype(static_cast<int32_t>(hooks.deviceCount())) { return static_cast<int32_t>(hooks.deviceCount()); }

template <typename Context>
auto initialise_cuda(Context& context, int) -> decltype(context.lazyInitDevice(c10::DeviceType::CUDA)) { return context.lazyInitDevice(c10::DeviceType::CUDA); }
template <typename Context>
auto initialise_cuda(Context& context, long) -> decltype(context.lazyInitCUDA()) { return context.lazyInitCUDA(); }

at::Generator default_generator(int32_t type, int32_t index) {
  const c10::Device device(static_cast<c10::DeviceType>(type), static_cast<c10::DeviceIndex>(index));
  if (device.is_cuda()) initialise_cuda(at::globalContext(), 0);
  return at::globalContext().defaultGenerator(device);
}

}  // namespace

EXPORT int32_t manual_seed(uint64_t seed) {
  return guarded<int32_t>(-1, [&] { at::manual_seed(seed); return 0; });
}

EXPORT at::GeneratorImpl* generator_default(int32_t type, int32_t index) {
  return guarded<at::GeneratorImpl*>(nullptr, [&] {
    return default_generator(type, index).unsafeReleaseGeneratorImpl();
  });
}

EXPORT at::GeneratorImpl* generator_new(uint64_t seed, int32_t type, int32_t index) {
  return guarded<at::GeneratorImpl*>(nullptr, [&] {
    if (type == 0) return at::detail::createCPUGenerator(seed).unsafeReleaseGeneratorImpl();
    auto generator = default_generator(type, index).clone();
    generator.set_current_seed(seed);
    return generator.unsafeReleaseGeneratorImpl();
  });
}

EXPORT void generator_free(at::GeneratorImpl* generator) { c10::raw::intrusive_ptr::decref(generator); }

EXPORT int64_t generator_device(at::GeneratorImpl* generator) {
  const auto device = generator->device();
  return (static_cast<int64_t>(device.type()) << 32) | static_cast<uint32_t>(static_cast<int32_t>(device.index()));
}

EXPORT int32_t generator_set_seed(at::GeneratorImpl* generator, uint64_t seed) {
  return guarded<int32_t>(-1, [&] {
    std::lock_guard<std::mutex> lock(generator->mutex_);
    generator->set_current_seed(seed);
    return 0;
  });
}

EXPORT int64_t generator_seed(at::GeneratorImpl* generator, int32_t renew) {
  std::lock_guard<std::mutex> lock(generator->mutex_);
  return static_cast<int64_t>(renew ? generator->seed() : generator->current_seed());
}

EXPORT Handle generator_get_state(at::GeneratorImpl* generator) {
  return guarded<Handle>(nullptr, [&] {
    std::lock_guard<std::mutex> lock(generator->mutex_);
    return static_cast<Handle>(generator->get_state().release());
  });
}

EXPORT int32_t generator_set_state(at::GeneratorImpl* generator, Handle state) {
  return guarded<int32_t>(-1, [&] {
    std::lock_guard<std::mutex> lock(generator->mutex_);
    generator->set_state(*state);
    return 0;
  });
}

EXPORT int32_t get_num_threads() { return at::get_num_threads(); }
EXPORT int32_t set_num_threads(int32_t count) { return guarded<int32_t>(-1, [&] { at::set_num_threads(count); return 0; }); }
EXPORT int32_t get_num_interop_threads() { return static_cast<int32_t>(at::get_num_interop_threads()); }
EXPORT int32_t set_num_interop_threads(int32_t count) { return guarded<int32_t>(-1, [&] { at::set_num_interop_threads(count); return 0; }); }

EXPORT int32_t cuda_device_count() {
  return guarded<int32_t>(0, [] { return at::globalContext().hasCUDA() ? count_devices(at::detail::getCUDAHooks(), 0) : 0; });
}
EXPORT int32_t cuda_has_cudnn() { return guarded<int32_t>(0, [] { return at::globalContext().hasCUDA() && at::detail::getCUDAHooks().hasCuDNN() ? 1 : 0; }); }
EXPORT int32_t cuda_synchronize(int64_t index) {
  return guarded<int32_t>(-1, [&] {
    initialise_cuda(at::globalContext(), 0);
    at::detail::getCUDAHooks().deviceSynchronize(static_cast<c10::DeviceIndex>(index));
    return 0;
  });
}

enum Switch : int32_t { CudnnTf32, CublasTf32, CublasHalfReduction, FlashAttention, MathAttention };

EXPORT int32_t get_switch(int32_t which) {
  auto& context = at::globalContext();
  switch (which) {
    case CudnnTf32: return context.allowTF32CuDNN();
    case CublasTf32: return context.allowTF32CuBLAS();
    case CublasHalfReduction: return guarded<int32_t>(0, [&] { return static_cast<int32_t>(static_cast<bool>(context.allowFP16ReductionCuBLAS())); });
    case FlashAttention: return context.userEnabledFlashSDP();
    default: return context.userEnabledMathSDP();
  }
}

EXPORT void set_switch(int32_t which, int32_t on) {
  auto& context = at::globalContext();
  switch (which) {
    case CudnnTf32: context.setAllowTF32CuDNN(on != 0); break;
    case CublasTf32: context.setAllowTF32CuBLAS(on != 0); break;
    case CublasHalfReduction: context.setAllowFP16ReductionCuBLAS(on != 0); break;
    case FlashAttention: context.setSDPUseFlash(on != 0); break;
    default: context.setSDPUseMath(on != 0); break;
  }
}

EXPORT const char* libtorch_version() { return TORCH_VERSION; }

EXPORT const char* parallel_info() {
  thread_local std::string text;
  text = guarded<std::string>("", [] { return at::get_parallel_info() + at::show_config(); });
  return text.c_str();
}
